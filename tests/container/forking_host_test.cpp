// SPDX-License-Identifier: Apache-2.0
// A host that forks by itself, at any moment and from any thread. A copy that waits for what nobody does any more is
// ended by its alarm, and that fails the test.

#include "container/image_support.hpp"
#include "container/support.hpp"
#include "support/read_to_end.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr unsigned kLongest = 120;  ///< seconds; only a copy that hangs lives that long

void require(bool so, const char* what) {
  if (!so) throw std::runtime_error{what};
}

pid_t fork_copy(const std::function<void()>& work) {
  const pid_t copy = ::fork();
  if (copy != 0) return copy;
  ::alarm(kLongest);
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in the copy: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

int status_of(pid_t process) {
  int status = -1;
  while (::waitpid(process, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Threads that do this all the time, and the first thing that went wrong in one of them.
class Busy {
 public:
  Busy(int threads, const std::function<void(int thread)>& work) {
    for (int thread = 0; thread < threads; ++thread) {
      threads_.emplace_back([this, thread, work] {
        try {
          while (!over_) work(thread);
        } catch (const std::exception& error) {
          const std::scoped_lock lock{mutex_};
          complaint_ = error.what();
        }
      });
    }
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { (void)end(); }

  [[nodiscard]] std::string end() {
    over_ = true;
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
    return complaint_;
  }

 private:
  std::atomic<bool> over_{false};
  std::mutex mutex_;
  std::string complaint_;
  std::vector<std::thread> threads_;
};

/// What a program that a forked copy executes finds open, one number a line.
std::string open_in_program() {
  int ends[2];
  REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
  const pid_t program = ::fork();
  if (program == 0) {
    ::dup2(ends[1], 1);
    ::execlp("ls", "ls", "/proc/self/fd", nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  const std::string text = read_to_end(ends[0]);
  ::close(ends[0]);
  CHECK(status_of(program) == 0);
  return text;
}

}  // namespace

TEST_CASE("copies that are forked while threads launch, wait and kill work for themselves, and harm nobody",
          "[container][fork]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const MountSet mounts{store.create("common").at("/common")};
  const LaunchTemplate shell{ground.shell("exit 0", mounts)};
  const auto container = std::make_unique<Container>(Container::launch(ground.program({"sleep", "1000"}, mounts)));
  Busy threads{8, [&](int thread) {
                 require(run(ground.shell("exit 3", mounts)) == ExitStatus::exited(3), "a launch failed");
                 require(shell.launch().wait().success(), "a launch of the template failed");
                 require(outcome_of(ground.shell("echo x")).out == "x\n", "another output");
                 VolumeStore own = ground.volumes();
                 const std::string name = "own-" + std::to_string(thread);
                 (void)own.create(name);
                 own.remove(name);
                 Container::launch(ground.program({"sleep", "1000"})).kill();
                 require(container->exec({.argv = {"true"}, .out = Stdio::null()}).wait().success(), "no exec");
               }};
  std::vector<pid_t> copies;
  for (int number = 0; number < 24; ++number) {
    copies.push_back(fork_copy([&] {
      require(code_of([&] { (void)container->wait_for(0ms); }) == errc::wrong_process, "it may wait");
      require(code_of([&] { container->restart(0ms); }) == errc::wrong_process, "it may restart");
      require(run(ground.shell("exit 4", mounts)) == ExitStatus::exited(4), "a launch failed");
      require(shell.launch({.argv = {"sh", "-c", "exit 5"}}).wait() == ExitStatus::exited(5), "no template");
      const std::string name = "copy-" + std::to_string(number);
      (void)store.create(name);
      require(store.users("common").size() > 0, "nobody uses the volume");
      store.remove(name);
      (void)MountSet{mounts}.resolve({.store = ground.store_path(), .current_directory = {}});
      require(support().can_launch(), "nothing can be launched");
    }));
  }
  for (const pid_t copy : copies) CHECK(status_of(copy) == 0);
  CHECK(threads.end() == "");
  CHECK(container->status() == ContainerStatus::Running);
}

TEST_CASE("a program that the host executes has no descriptor of the library, whoever is launching meanwhile",
          "[container][fork]") {
  const Ground ground;
  const std::string before = open_in_program();
  const LaunchTemplate shell{ground.program({"true"}, MountSet{ground.volumes().create("data").at("/data")})};
  LaunchSpec sleeper = ground.program({"cat"});
  sleeper.in = Stdio::pipe();
  sleeper.out = Stdio::pipe();
  sleeper.err = Stdio::log();
  sleeper.name = "recorded";
  const Container container = Container::launch(std::move(sleeper));
  Busy threads{4, [&](int) {
                 require(shell.launch().wait().success(), "a launch failed");
                 (void)outcome_of(ground.shell("echo x"));
                 (void)support();
                 (void)ground.containers().list();
               }};
  for (int round = 0; round < 50; ++round) CHECK(open_in_program() == before);
  CHECK(threads.end() == "");
}

TEST_CASE("a copy that is forked while another thread restarts a container is told so, and does not wait",
          "[container][fork]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("trap 'echo asked; read line; exit 0' TERM; echo ready; while :; do read line; done");
  Collector out;
  spec.out = out.stdio();
  spec.in = Stdio::pipe();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  const int input = ::dup(container.stdin_fd());
  REQUIRE(::write(input, "\n", 1) == 1);  // so that the shell looks at its traps
  std::thread other{[&] { container.restart(std::chrono::hours{1}); }};
  const bool asked = out.wait_for("asked\n");
  const pid_t copy = fork_copy([&] {
    require(code_of([&] { container.restart(); }) == errc::wrong_process, "it may restart");
    require(code_of([&] { (void)container.status(); }) == errc::wrong_process, "it may ask");
    require(container.plan().empty() && container.exit_fd() >= 0, "it may not look");
  });
  CHECK(status_of(copy) == 0);
  CHECK(asked);
  CHECK(::write(input, "\n\n", 2) == 2);  // the end that the restart waits for
  ::close(input);
  other.join();
  CHECK(container.status() == ContainerStatus::Running);
}

TEST_CASE("a copy that drops prepared mounts takes nothing from its host", "[container][fork]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("data");
  MountSet mounts{VolumeMount{.name = "data", .target = "/data"}};
  mounts.add_spec("-v /anonymous");
  PreparedMounts prepared = mounts.resolve({.store = ground.store_path(), .current_directory = {}}).prepare();
  REQUIRE(store.list().size() == 2);
  CHECK(status_of(fork_copy([&] { prepared = {}; })) == 0);
  CHECK(store.list().size() == 2);
  CHECK(code_of([&] { store.remove("data"); }) == errc::volume_in_use);
  CHECK(store.users("data").size() == 1);
  LaunchSpec spec = ground.shell("echo x > /data/file && echo y > /anonymous/file");
  spec.mounts = std::move(prepared);
  CHECK(run(std::move(spec)).success());
}

TEST_CASE("mounts of an image that nobody launched hold it no longer than they are there, whatever copies were forked",
          "[container][fork][image]") {
  if (!requires_busybox()) return;
  const Ground ground;
  TestImages images{ground};
  (void)images.add("base", {base_layer()});
  PreparedMounts prepared = MountSet{ImageMount{.image = "base", .target = "/base"}}
                                .resolve({.store = ground.store_path(), .current_directory = {}})
                                .prepare();
  int held[2];
  REQUIRE(::pipe2(held, O_CLOEXEC) == 0);
  const pid_t copy = fork_copy([&] {
    ::close(held[1]);
    char end = 0;
    (void)!::read(held[0], &end, 1);
  });
  CHECK(code_of([&] { images.store().remove("base"); }) == errc::image_in_use);
  prepared = {};
  CHECK_NOTHROW(images.store().remove("base"));
  ::close(held[0]);
  ::close(held[1]);
  CHECK(status_of(copy) == 0);
}

TEST_CASE("a copy of a copy, and one that the host's thread forks before it has launched anything, launch as well",
          "[container][fork]") {
  const Ground ground;
  const auto launch = [&] { require(run(ground.shell("exit 6")) == ExitStatus::exited(6), "a launch failed"); };
  int status = -1;
  std::thread{[&] {
    status = status_of(fork_copy([&] {
      launch();
      require(status_of(fork_copy([&] {
                launch();
                require(status_of(fork_copy(launch)) == 0, "the third failed");
              })) == 0,
              "the second failed");
      launch();
    }));
  }}.join();
  CHECK(status == 0);
  CHECK_NOTHROW(launch());
}
