// SPDX-License-Identifier: Apache-2.0
#include "container/support.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <fstream>
#include <thread>
#include <utility>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

bool is_readable(int fd) {
  pollfd waiting{fd, POLLIN, 0};
  return ::poll(&waiting, 1, 0) == 1;
}

bool process_exists(int pid) { return ::kill(pid, 0) == 0 || errno == EPERM; }

/// A container whose program has said that it is ready.
Container launch_ready(const Ground& ground, const std::string& script, Collector& out, MountSet mounts = {}) {
  LaunchSpec spec = ground.shell(script, std::move(mounts));
  spec.out = out.stdio();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  return container;
}

}  // namespace

TEST_CASE("a program's exit code is the container's", "[container][lifecycle]") {
  const Ground ground;
  for (const int code : {0, 1, 126, 255}) {
    const ExitStatus status = run(ground.shell("exit " + std::to_string(code)));
    CHECK(status == ExitStatus::exited(code));
    CHECK(status.success() == (code == 0));
  }
}

TEST_CASE("a program that a signal ends is told apart from one that exits", "[container][lifecycle]") {
  const Ground ground;
  for (const int signal : {SIGKILL, SIGTERM, SIGUSR1}) {
    Collector out;
    // Process 1 is only hit by what comes from outside and has a handler, or by SIGKILL; perl takes the default back.
    const Container container =
        launch_ready(ground, "trap 'exit 3' TERM USR1; echo ready; while :; do sleep 0.02; done", out);
    container.kill(signal);
    const ExitStatus status = container.wait();
    CHECK(status == (signal == SIGKILL ? ExitStatus::signaled(SIGKILL) : ExitStatus::exited(3)));
    CHECK(status.code() == (signal == SIGKILL ? 137 : 3));
  }
}

TEST_CASE("waiting with a limit ends with the limit, and waiting again is fine", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "100"}));
  const auto before = std::chrono::steady_clock::now();
  CHECK(container.wait_for(0ms) == std::nullopt);
  CHECK(container.wait_for(100ms) == std::nullopt);
  const auto waited = std::chrono::steady_clock::now() - before;
  CHECK(waited >= 100ms);
  CHECK(waited < kPatience);
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(container.pid() > 0);
  CHECK(process_exists(container.pid()));
  container.kill();
  CHECK(container.wait() == ExitStatus::signaled(SIGKILL));
  CHECK(container.wait() == ExitStatus::signaled(SIGKILL));
  CHECK(container.wait_for(0ms) == ExitStatus::signaled(SIGKILL));
  CHECK(container.wait_for(std::chrono::milliseconds::max()) == ExitStatus::signaled(SIGKILL));
  CHECK(container.status() == ContainerStatus::Exited);
  CHECK(container.pid() == 0);
}

TEST_CASE("the exit descriptor becomes readable at the end and stays so", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "100"}));
  CHECK_FALSE(is_readable(container.exit_fd()));
  container.kill();
  pollfd waiting{container.exit_fd(), POLLIN, 0};
  CHECK(::poll(&waiting, 1, 20'000) == 1);
  CHECK(is_readable(container.exit_fd()));
  (void)container.wait();
  CHECK(is_readable(container.exit_fd()));
}

TEST_CASE("any number of threads may wait", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.shell("sleep 0.2; exit 5"));
  std::atomic<int> sum = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&] { sum += container.wait().exit_code(); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(sum == 40);
}

TEST_CASE("containers are launched from many threads at once", "[container][lifecycle]") {
  const Ground ground;
  std::atomic<int> good = 0;
  std::vector<std::thread> threads;
  for (int number = 0; number < 8; ++number) {
    threads.emplace_back([&, number] {
      for (int round = 0; round < 5; ++round) {
        const int code = number * 10 + round;
        good += run(ground.shell("exit " + std::to_string(code), {Tmpfs{"/data"}})) == ExitStatus::exited(code) ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(good == 40);
}

TEST_CASE("stop gives the program its grace, and then no more", "[container][lifecycle]") {
  const Ground ground;
  Collector polite;
  const Container first =
      launch_ready(ground, "trap 'echo cleaned up; exit 4' TERM; echo ready; while :; do sleep 0.02; done", polite);
  CHECK(first.stop() == ExitStatus::exited(4));
  CHECK(polite.wait_for("cleaned up\n"));
  CHECK(first.stop() == ExitStatus::exited(4));  // again: it has ended

  Collector stubborn;
  const Container second = launch_ready(ground, "trap '' TERM; echo ready; while :; do sleep 0.02; done", stubborn);
  const auto before = std::chrono::steady_clock::now();
  CHECK(second.stop(300ms) == ExitStatus::signaled(SIGKILL));
  CHECK(std::chrono::steady_clock::now() - before >= 300ms);
}

TEST_CASE("who has an event loop asks a container to stop and waits by its descriptor", "[container][lifecycle]") {
  const Ground ground;
  Collector out;
  LaunchSpec spec = ground.shell("trap 'read line; exit 4' TERM; echo ready; while :; do sleep 0.02; done");
  spec.in = Stdio::pipe();
  spec.out = out.stdio();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  container.request_stop();
  CHECK_FALSE(container.wait_for(0ms));
  container.close_stdin();  // what it reads before it ends
  pollfd waiting{container.exit_fd(), POLLIN, 0};
  REQUIRE(::poll(&waiting, 1, 20'000) == 1);
  CHECK(container.wait_for(0ms) == ExitStatus::exited(4));
  container.request_stop();  // it has ended
}

TEST_CASE("the stop signal can be another one", "[container][lifecycle]") {
  const Ground ground;
  Collector out;
  LaunchSpec spec = ground.shell("trap 'exit 6' QUIT; trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done");
  spec.stop_signal = SIGQUIT;
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  CHECK(container.stop() == ExitStatus::exited(6));
}

TEST_CASE("a signal for a container that has ended is an error, stopping it is not", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"true"}));
  (void)container.wait();
  CHECK(code_of([&] { container.kill(); }) == errc::not_running);
  CHECK(code_of([&] { container.pause(); }) == errc::not_running);
  CHECK(code_of([&] { (void)container.exec({.argv = {"true"}}); }) == errc::not_running);
  CHECK(container.stop().success());
}

TEST_CASE("all processes of a container end with its first", "[container][lifecycle]") {
  const Ground ground;
  const auto shared = ground.directory().make("shared");
  const Container container =
      Container::launch(ground.shell("(while :; do echo x >> /shared/beat; sleep 0.02; done) & (setsid sleep 1000) & "
                                     "until [ -s /shared/beat ]; do sleep 0.02; done; exit 0",
                                     {BindMount{shared, "/shared"}}));
  CHECK(container.wait().success());
  const std::string last = ground.directory().read("shared/beat");
  CHECK_FALSE(last.empty());
  std::this_thread::sleep_for(100ms);
  CHECK(ground.directory().read("shared/beat") == last);
}

TEST_CASE("a paused container does nothing until it is resumed", "[container][lifecycle]") {
  const Ground ground;
  ground.directory().make("shared");
  Collector out;
  const Container container = launch_ready(
      ground, "(while :; do echo x >> /shared/count; sleep 0.01; done) & echo ready; while :; do sleep 1; done", out,
      {BindMount{ground.path("shared"), "/shared"}});
  const auto count = [&] { return ground.directory().read("shared/count").size(); };
  REQUIRE(eventually([&] { return count() > 3; }));
  container.pause();
  CHECK(container.status() == ContainerStatus::Paused);
  // where there is no cgroup to freeze, a process that waits for a processor may finish one write yet
  auto paused_at = count();
  CHECK(eventually([&] {
    const auto before = std::exchange(paused_at, count());
    std::this_thread::sleep_for(300ms);
    return before == paused_at && count() == paused_at;
  }));
  container.pause();  // again is no error
  container.resume();
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(eventually([&] { return count() > paused_at + 3; }));
  container.resume();
  container.pause();
  CHECK(container.stop(0ms) == ExitStatus::signaled(SIGKILL));  // paused or not
}

TEST_CASE("a paused container that is stopped ends as one that is not", "[container][lifecycle]") {
  const Ground ground;
  Collector out;
  const Container container = launch_ready(ground, "trap 'exit 4' TERM; echo ready; while :; do sleep 0.02; done", out);
  container.pause();
  CHECK(container.stop(20s) == ExitStatus::exited(4));
}

TEST_CASE("a paused container ends with its handle, and a program in it with its own", "[container][lifecycle]") {
  const Ground ground;
  int pid = 0;
  {
    const Container container = Container::launch(ground.program({"sleep", "1000"}));
    {
      const Process process = container.exec({.argv = {"sleep", "1000"}});
      container.pause();
    }
    container.resume();
    container.pause();
    pid = container.pid();
  }
  CHECK_FALSE(process_exists(pid));
}

TEST_CASE("a further program in a paused container waits for it, or is paused at once", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  container.pause();
  try {
    const Process process = container.exec({.argv = {"true"}, .out = Stdio::null(), .err = Stdio::null()});
    container.resume();
    CHECK(process.wait_for(kPatience) == ExitStatus::exited(0));
  } catch (const LaunchError& error) {  // refusing is as good, as Docker does
    CHECK(std::string{error.what()}.find("paused") != std::string::npos);
  }
}

TEST_CASE("a handle that goes takes its container along", "[container][lifecycle]") {
  const Ground ground;
  int pid = 0;
  {
    const Container container = Container::launch(ground.program({"sleep", "1000"}));
    pid = container.pid();
    CHECK(process_exists(pid));
  }
  CHECK_FALSE(process_exists(pid));
  Container kept = Container::launch(ground.program({"sleep", "1000"}));
  pid = kept.pid();
  kept = Container::launch(ground.program({"sleep", "1000"}));
  CHECK_FALSE(process_exists(pid));
  Container moved = std::move(kept);
  CHECK(moved.status() == ContainerStatus::Running);
}

TEST_CASE("the host's own children are its own", "[container][lifecycle]") {
  const Ground ground;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(9);
  CHECK(run(ground.program({"true"})).success());
  int status = 0;
  CHECK(::waitpid(-1, &status, 0) == child);  // not a launcher, nor a container
  CHECK(WEXITSTATUS(status) == 9);
}

TEST_CASE("containers die with a host that is killed", "[container][lifecycle]") {
  const Ground ground;
  ground.directory().make("shared");
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t host = ::fork();
  if (host == 0) {
    try {
      const Container container = Container::launch(ground.shell(
          "while :; do echo x >> /shared/count; sleep 0.01; done", {BindMount{ground.path("shared"), "/shared"}}));
      const int pid = container.pid();
      (void)!::write(ends[1], &pid, sizeof pid);
      ::pause();
    } catch (...) {
    }
    ::_exit(1);
  }
  ::close(ends[1]);
  int pid = 0;
  REQUIRE(::read(ends[0], &pid, sizeof pid) == sizeof pid);
  ::close(ends[0]);
  REQUIRE(eventually([&] { return ground.directory().read("shared/count").size() > 3; }));
  ::kill(host, SIGKILL);
  int status = 0;
  CHECK(::waitpid(host, &status, 0) == host);
  CHECK(eventually([&] { return !process_exists(pid); }));
}

TEST_CASE("a forked copy of the host cannot use its handles but can launch its own", "[container][lifecycle]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  const pid_t copy = ::fork();
  if (copy == 0) {
    int wrong = 0;
    wrong += code_of([&] { (void)container.wait_for(0ms); }) == errc::wrong_process ? 0 : 1;
    wrong += code_of([&] { container.kill(); }) == errc::wrong_process ? 0 : 2;
    wrong += code_of([&] { (void)container.exec({.argv = {"true"}}); }) == errc::wrong_process ? 0 : 4;
    try {
      wrong += run(ground.shell("exit 3")) == ExitStatus::exited(3) ? 0 : 8;
    } catch (const std::exception&) {
      wrong += 16;
    }
    ::_exit(wrong);
  }
  int status = 0;
  REQUIRE(::waitpid(copy, &status, 0) == copy);
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(container.status() == ContainerStatus::Running);  // the copy's end has not touched it
}

TEST_CASE("a handle that a forked copy drops takes nothing along", "[container][lifecycle]") {
  const Ground ground;
  auto container = std::make_unique<Container>(Container::launch(ground.program({"sleep", "1000"})));
  const pid_t copy = ::fork();
  if (copy == 0) {
    container.reset();
    ::_exit(0);
  }
  int status = 0;
  REQUIRE(::waitpid(copy, &status, 0) == copy);
  CHECK(status == 0);
  CHECK_FALSE(container->wait_for(100ms));
  CHECK(container->status() == ContainerStatus::Running);
}

TEST_CASE("when its launcher is killed a container ends, and the next launch works", "[container][lifecycle]") {
  const TemporaryDirectory directory;
  LaunchSpec spec{.argv = {"sleep", "1000"}, .store = directory.path() / "store"};
  const Container container = Container::launch(std::move(spec));
  const int pid = container.pid();
  std::ifstream status{"/proc/" + std::to_string(pid) + "/status"};
  const std::string text{std::istreambuf_iterator<char>{status}, {}};
  const int launcher = std::stoi(field_of(text, "PPid"));
  REQUIRE(launcher > 1);
  REQUIRE(::kill(launcher, SIGKILL) == 0);
  const ExitStatus ended = container.wait();
  CHECK(ended.launcher_lost());
  CHECK(ended.to_string() == "killed, because its launcher died");
  CHECK(container.status() == ContainerStatus::Dead);
  CHECK(eventually([&] { return !process_exists(pid); }));
  CHECK(run({.argv = {"true"}}).success());
}

TEST_CASE("2000 launches leave the number of descriptors and processes as it was", "[container][lifecycle][.slow]") {
  const Ground ground;
  for (int round = 0; round < 2000; ++round) REQUIRE(run(ground.program({"true"})).success());
}
