// SPDX-License-Identifier: Apache-2.0

// start, stop, restart, kill, pause, unpause and wait: verbs on containers that are there.

#include "command.hpp"
#include "running.hpp"

#include <dunnage/container_store.hpp>

#include <chrono>
#include <iostream>

namespace cli {
namespace {

struct LifecycleFlags {
  std::vector<std::string> names{};
  unsigned seconds = 10;
  std::string signal = "KILL";
  [[nodiscard]] std::chrono::seconds grace() const { return std::chrono::seconds{seconds}; }
};

using Containers = dunnage::ContainerStore;
using Verb = std::function<void(const Containers&, const LifecycleFlags&, const std::string&)>;

void stop(const Containers& containers, const LifecycleFlags& flags, const std::string& name) {
  if (const auto container = running(containers, name)) (void)container->stop(flags.grace());
  std::cout << name << std::endl;
}

void start(const Containers& containers, const LifecycleFlags& /*flags*/, const std::string& name) {
  (void)containers.start(name);
  std::cout << name << std::endl;
}

void restart(const Containers& containers, const LifecycleFlags& flags, const std::string& name) {
  if (auto container = running(containers, name)) {
    container->restart(flags.grace());
  } else {
    (void)containers.start(name);
  }
  std::cout << name << std::endl;
}

void kill(const Containers& containers, const LifecycleFlags& flags, const std::string& name) {
  containers.get(name).kill(dunnage::parse_signal(flags.signal));
  std::cout << name << std::endl;
}

void pause(const Containers& containers, const LifecycleFlags& /*flags*/, const std::string& name) {
  containers.get(name).pause();
  std::cout << name << std::endl;
}

void unpause(const Containers& containers, const LifecycleFlags& /*flags*/, const std::string& name) {
  containers.get(name).resume();
  std::cout << name << std::endl;
}

void wait(const Containers& containers, const LifecycleFlags& /*flags*/, const std::string& name) {
  const auto container = running(containers, name);
  std::cout << (container ? container->wait().code() : exit_code_of(containers, name)) << std::endl;
}

std::shared_ptr<LifecycleFlags> add_verb(CLI::App& parent, Session& session, const std::string& name,
                                         const std::string& description, const Verb& verb) {
  CLI::App& command = add_command(parent, session, name, description);
  auto flags = std::make_shared<LifecycleFlags>();
  add_names(command, flags->names, "Containers, by name, id or beginning of an id");
  on_chosen(command, session, flags, [&session, verb](const LifecycleFlags& chosen) {
    const auto containers = session.containers();
    return for_each_name(chosen.names, [&](const std::string& which) { verb(containers, chosen, which); });
  });
  return flags;
}

void add_grace(CLI::App& parent, const std::string& verb, LifecycleFlags& flags) {
  parent.get_subcommand(verb)
      ->add_option("-t,--time", flags.seconds, "Seconds to wait before it is killed (default: 10)")
      ->type_name("SECONDS");
}

}  // namespace

void add_lifecycle(CLI::App& parent, Session& session) {
  add_verb(parent, session, "start", "Start containers again that have ended; their output goes to their logs", start);
  const auto restart_flags = add_verb(parent, session, "restart", "Stop containers and start them again", restart);
  add_grace(parent, "restart", *restart_flags);
  const auto stop_flags = add_verb(parent, session, "stop", "Send the stop signal, wait, then kill", stop);
  add_grace(parent, "stop", *stop_flags);
  const auto kill_flags = add_verb(parent, session, "kill", "Send a signal; SIGKILL ends all processes", kill);
  parent.get_subcommand("kill")
      ->add_option("-s,--signal", kill_flags->signal, "Name or number (default: KILL)")
      ->type_name("SIGNAL");
  add_verb(parent, session, "pause", "Freeze every process", pause);
  add_verb(parent, session, "unpause", "Let frozen processes go on", unpause);
  add_verb(parent, session, "wait", "Wait for the end and print the exit code", wait);
}

}  // namespace cli
