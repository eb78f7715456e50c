// SPDX-License-Identifier: Apache-2.0
// What a host that waits for children notices of the library: nothing. Each test's host is a process of its own.

#include "container/support.hpp"
#include "launcher/connection.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <stdexcept>

using namespace dunnage;
using namespace dunnage::test;

namespace {

std::atomic<int> signals_of_children{0};

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error{what};
}

/// As many hosts do at their end, or in a loop: without WNOHANG it returns when there is no child left.
void reap_until_none() {
  ::alarm(20);  // a hang ends the process
  while (::waitpid(-1, nullptr, 0) > 0) require(false, "there was a child to be reaped");
  require(errno == ECHILD, "waitpid failed otherwise");
  ::alarm(0);
}

pid_t launcher_pid() { return launcher::Connection::get(launcher::identity_for(0, 0))->pid(); }

/// Runs `work` in a process that counts what it hears of children.
int status_of_host(const std::function<void()>& work) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    (void)std::signal(SIGCHLD, [](int) { ++signals_of_children; });
    int status = 0;
    try {
      work();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the host: %s\n", error.what());
      status = 1;
    }
    ::_exit(status);
  }
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace

TEST_CASE("a host that waits for any child finds none while containers run, and hears of none",
          "[container][children]") {
  const Ground ground;
  CHECK(status_of_host([&] {
          const Container container = Container::launch(ground.program({"sleep", "1000"}));
          reap_until_none();
          require(run(ground.program({"true"})).success(), "the second container failed");
          container.kill();
          (void)container.wait();
          reap_until_none();
          require(signals_of_children == 0, std::to_string(signals_of_children) + " SIGCHLD were raised");
        }) == 0);
}

TEST_CASE("the end of a launcher raises no SIGCHLD in its host and leaves nothing to be reaped",
          "[container][children]") {
  const Ground ground;
  CHECK(status_of_host([&] {
          const Container container = Container::launch(ground.program({"sleep", "1000"}));
          const pid_t launcher = launcher_pid();
          require(::kill(launcher, SIGKILL) == 0, "kill");
          require(container.wait_for(kPatience).has_value(), "the handle does not know of the end");
          reap_until_none();
          require(signals_of_children == 0, std::to_string(signals_of_children) + " SIGCHLD were raised");
          require(run(ground.program({"true"})).success(), "the next container failed");
          require(launcher_pid() != launcher, "it is the same launcher");
        }) == 0);
}

TEST_CASE("the exit status of a host's own child is not lost to the library", "[container][children]") {
  const Ground ground;
  CHECK(status_of_host([&] {
          const pid_t child = ::fork();
          if (child == 0) ::_exit(7);
          for (int round = 0; round < 3; ++round) (void)run(ground.program({"true"}));
          int status = 0;
          require(::waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "the status is gone");
        }) == 0);
}

TEST_CASE("a launch that comes right after its launcher was killed works", "[container][children]") {
  const Ground ground;
  CHECK(status_of_host([&] {
          for (int round = 0; round < 50; ++round) {
            require(run(ground.program({"true"})).success(), "a container failed");
            (void)::kill(launcher_pid(), SIGKILL);
            require(run(ground.program({"sh", "-c", "exit 9"})) == ExitStatus::exited(9), "the next container failed");
          }
        }) == 0);
}
