// SPDX-License-Identifier: Apache-2.0

// compose kill, pause, unpause, wait and rm: verbs on containers, whatever the files say by now.

#include "compose.hpp"
#include "container_words.hpp"
#include "containers.hpp"
#include "running.hpp"
#include "up_flags.hpp"

#include "apply.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <exception>
#include <functional>
#include <iostream>
#include <mutex>
#include <thread>

namespace cli {
namespace {

using Info = dunnage::ContainerInfo;

struct VerbFlags {
  std::vector<std::string> services{};
  std::string signal = "KILL";
  bool remove_orphans = false;
  bool down = false;
  bool force = false;
  bool stop = false;
  bool volumes = false;
};

/// Does `act` for each container that is up and fits. \return how many there were
std::size_t each_that_is_up(const VerbFlags& flags, const ProjectFlags& source, const Session& session,
                            const std::function<void(const dunnage::Container&, const Info&)>& act) {
  std::size_t count = 0;
  const auto store = session.containers();
  for (const auto& info : containers_of(session, source, flags.services)) {
    if (!is_up(info.status)) continue;
    try {
      act(store.get(info.name), info);
      ++count;
    } catch (const dunnage::LaunchError& error) {
      if (error.code() != dunnage::errc::not_running) throw;  // it has just ended
    }
  }
  return count;
}

int kill(const VerbFlags& flags, const ProjectFlags& source, const Session& session) {
  const int signal = dunnage::parse_signal(flags.signal);
  const auto killed =
      each_that_is_up(flags, source, session, [&](const dunnage::Container& container, const Info& info) {
        container.kill(signal);
        tell(info.name, "Killed");
      });
  if (killed == 0) std::cerr << "no container to kill\n";
  return 0;
}

int pause(const VerbFlags& flags, const ProjectFlags& source, const Session& session) {
  (void)each_that_is_up(flags, source, session, [](const dunnage::Container& container, const Info& info) {
    if (info.status == dunnage::ContainerStatus::Paused) return;
    container.pause();
    tell(info.name, "Paused");
  });
  return 0;
}

int unpause(const VerbFlags& flags, const ProjectFlags& source, const Session& session) {
  (void)each_that_is_up(flags, source, session, [](const dunnage::Container& container, const Info& info) {
    if (info.status != dunnage::ContainerStatus::Paused) return;
    container.resume();
    tell(info.name, "Unpaused");
  });
  return 0;
}

/// How it ended, when it has; 0 if it is gone by then.
int wait_for_end(const dunnage::ContainerStore& store, const std::string& name) {
  try {
    const auto container = running(store, name);
    return container ? container->wait().code() : exit_code_of(store, name);
  } catch (const dunnage::LaunchError& error) {
    if (error.code() != dunnage::errc::container_missing) throw;
    return 0;
  }
}

/// As Docker Compose: the exit code is that of the last one to end.
int wait(const VerbFlags& flags, const ProjectFlags& source, const Session& session) {
  int code = 0;
  std::mutex mutex;
  std::vector<std::thread> waiting;
  const auto store = session.containers();
  const auto told = [&](const Info& info, int ended) {
    const std::scoped_lock lock{mutex};
    std::cout << "container \"" << info.id << "\" exited with status code " << ended << std::endl;
    code = ended;
  };
  for (const auto& info : containers_of(session, source, flags.services)) {
    if (is_one_off(info)) continue;
    waiting.emplace_back([&, info] {
      try {
        told(info, wait_for_end(store, info.name));
      } catch (const std::exception& error) {
        const std::scoped_lock lock{mutex};
        complain(error.what());
        code = kFailure;
      }
    });
  }
  for (auto& thread : waiting) thread.join();
  if (flags.down) {
    apply_plan(source.load_or_remember(session).plan_down({.store = session.store_root()}));
  }
  return code;
}

std::string joined_names(const std::vector<Info>& infos) {
  std::string names;
  for (const auto& info : infos) names += (names.empty() ? "" : ", ") + info.name;
  return names;
}

int rm(const VerbFlags& flags, const ProjectFlags& source, const Session& session) {
  std::string project;
  if (flags.stop) {
    const dunnage::Project loaded = source.load_or_remember(session, flags.services);
    project = loaded.name();
    apply_plan(loaded.plan_down({.services = flags.services, .remove = false, .store = session.store_root()}));
  } else {
    project = source.project_name();
  }
  auto ended = containers_of(session, source, project, flags.services);
  std::erase_if(ended, [](const Info& info) { return is_up(info.status) || is_one_off(info); });
  if (ended.empty()) {
    std::cerr << "No stopped containers\n";
    return 0;
  }
  if (!flags.force && !confirmed("Going to remove " + joined_names(ended) + ".")) return 0;
  auto store = session.containers();
  for (const auto& info : ended) {
    store.remove(info.name, false, flags.volumes);
    tell(info.name, "Removed");
  }
  return 0;
}

using Verb = int (*)(const VerbFlags&, const ProjectFlags&, const Session&);

std::pair<CLI::App*, std::shared_ptr<VerbFlags>> add_verb(const Compose& compose, const std::string& name,
                                                          const std::string& description, Verb verb) {
  CLI::App& command = compose.verb(name, description);
  auto flags = std::make_shared<VerbFlags>();
  command.add_option("SERVICE", flags->services, "Only these")->type_name("");
  compose.on_chosen(command, flags, verb);
  return {&command, flags};
}

}  // namespace

void add_compose_container_verbs(const Compose& compose) {
  const auto [killing, kill_flags] = add_verb(compose, "kill", "Send a signal to containers that run", kill);
  killing->add_option("-s,--signal", kill_flags->signal, "Name or number (default: KILL)")->type_name("SIGNAL");
  add_verb(compose, "pause", "Freeze every process of the containers", pause);
  add_verb(compose, "unpause", "Let frozen processes go on", unpause);
  const auto [waiting, wait_flags] =
      add_verb(compose, "wait", "Wait until containers have ended; exits as the last of them did", wait);
  waiting->get_option("SERVICE")->required();
  waiting->add_flag("--down-project", wait_flags->down, "Take the project down then");
  const auto [removing, rm_flags] = add_verb(compose, "rm", "Remove containers that have ended", rm);
  removing->add_flag("-f,--force", rm_flags->force, "Without asking");
  removing->add_flag("-s,--stop", rm_flags->stop, "Stop those that run before");
  removing->add_flag("-v,--volumes", rm_flags->volumes, "Their anonymous volumes, too; their data is lost");
}

}  // namespace cli
