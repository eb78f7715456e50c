// SPDX-License-Identifier: Apache-2.0
// The launcher's broker, which makes the mounts of an ordinary user, and is killed by somebody: one who is short of
// memory, say. Each test's host is a process of its own, as what stays of an old launcher goes with its host.

#include "container/support.hpp"
#include "launcher/connection.hpp"
#include "support/apart.hpp"

#include <dunnage/volume_store.hpp>

#include <signal.h>
#include <unistd.h>

#include <exception>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error{what};
}

pid_t launcher_pid() { return launcher::connection_of_containers()->pid(); }

std::vector<pid_t> children_of(pid_t process) {
  const std::string number = std::to_string(process);
  std::ifstream list{"/proc/" + number + "/task/" + number + "/children"};
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

/// It has a child, which looks at the host's mounts; nothing else of the launcher has one before there are containers.
pid_t broker_of(pid_t launcher) {
  pid_t broker = 0;
  const bool found = eventually([&] {
    for (const pid_t child : children_of(launcher)) {
      if (!children_of(child).empty()) broker = child;
    }
    return broker != 0;
  });
  require(found, "there is no broker");
  return broker;
}

void kill_and_wait(pid_t process) {
  require(::kill(process, SIGKILL) == 0, "kill");
  require(eventually([&] { return ::kill(process, 0) != 0; }), "it is still there");
}

/// With its child, which would serve on.
void kill_broker(pid_t broker) {
  const std::vector<pid_t> children = children_of(broker);
  kill_and_wait(broker);
  for (const pid_t child : children) (void)::kill(child, SIGKILL);
}

void expect_said(const Ground& ground) {
  require(outcome_of(ground.shell("echo said", {Tmpfs{"/run"}})).out == "said\n", "the container said something else");
}

/// Of an ordinary user. \param work  is given a broker that serves, and one's own ground
void with_broker(const std::function<void(const Ground&, pid_t broker)>& work) {
  if (::geteuid() == 0) {
    skip("root's launcher has no broker");
    return;
  }
  const Ground ground;
  const DoneApart done = do_apart([&] {
    try {
      expect_said(ground);
      work(ground, broker_of(launcher_pid()));
    } catch (const std::exception& error) {
      return std::string{error.what()};
    }
    return std::string{};
  });
  CHECK(done.words == "");
  CHECK(done.status == 0);
}

}  // namespace

TEST_CASE("a broker whose child was killed has another one", "[container][broker]") {
  with_broker([](const Ground& ground, pid_t broker) {
    const pid_t launcher = launcher_pid();
    kill_and_wait(children_of(broker).front());
    expect_said(ground);
    require(launcher_pid() == launcher, "it is another launcher");
  });
}

TEST_CASE("the next container has another launcher where the broker was killed, and those that run go on",
          "[container][broker]") {
  with_broker([](const Ground& ground, pid_t broker) {
    const pid_t launcher = launcher_pid();
    const Container running = Container::launch(ground.program({"sleep", "1000"}, {Tmpfs{"/run"}}));
    kill_broker(broker);
    for (int round = 0; round < 3; ++round) expect_said(ground);
    require(launcher_pid() != launcher, "it is the same launcher");
    require(outcome_of(running, {.argv = {"sh", "-c", "echo here"}}).out == "here\n", "exec says something else");
    running.kill();
    require(running.wait() == ExitStatus::signaled(SIGKILL), "it had another end");
  });
}

TEST_CASE("what a container left is removed where the broker was killed before", "[container][broker]") {
  with_broker([](const Ground& ground, pid_t broker) {
    VolumeStore store = ground.volumes();
    require(outcome_of(ground.shell("mkdir -m 0 /data/closed", {VolumeMount{"v", "/data"}})).status.success(), "mkdir");
    kill_broker(broker);
    store.remove("v");
    require(store.list().empty(), "the volume is there");
  });
}
