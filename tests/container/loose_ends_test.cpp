// SPDX-License-Identifier: Apache-2.0
// Copies of descriptors, and ends that come at a bad moment. A forked child has copies of all that its host had open,
// sockets and locks among them, and may live long after it.

#include "container/support.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

void end(pid_t pid) {
  (void)::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
}

/// A child that does nothing but have what its parent had.
pid_t make_copy() {
  const pid_t pid = ::fork();
  if (pid == 0) {
    for (;;) ::pause();
  }
  return pid;
}

/// Growing: somebody writes to it.
bool grows(const std::filesystem::path& file) {
  std::error_code missing;
  const auto before = std::filesystem::file_size(file, missing);
  std::this_thread::sleep_for(100ms);
  const auto now = std::filesystem::file_size(file, missing);
  return !missing && now != before;
}

}  // namespace

TEST_CASE("a host that dies takes its containers along also when a forked child of it lives on", "[container][ends]") {
  const Ground ground;
  const auto beats = ground.directory().make("shared") / "beats";
  std::filesystem::permissions(beats.parent_path(), std::filesystem::perms::all);
  struct {
    pid_t copy = 0;
    pid_t container = 0;
  } pids;
  int told[2];
  REQUIRE(::pipe2(told, O_CLOEXEC) == 0);
  const pid_t host = ::fork();
  if (host == 0) {
    try {
      const Container container = Container::launch(ground.shell(
          "while :; do echo beat >> /shared/beats; sleep 0.01; done", {BindMount{beats.parent_path(), "/shared"}}));
      pids = {make_copy(), container.pid()};
      if (::write(told[1], &pids, sizeof pids) == sizeof pids) {
        for (;;) ::pause();
      }
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the host: %s\n", error.what());
    }
    ::_exit(1);
  }
  ::close(told[1]);
  REQUIRE(::read(told[0], &pids, sizeof pids) == sizeof pids);
  ::close(told[0]);
  CHECK(eventually([&] { return grows(beats); }));
  end(host);
  CHECK(eventually([&] { return ::kill(pids.container, 0) != 0 && errno == ESRCH; }));
  CHECK_FALSE(grows(beats));
  CHECK(::kill(pids.copy, 0) == 0);  // or it was no test
  (void)::kill(pids.copy, SIGKILL);
}

TEST_CASE("the end of a container frees its volumes also when a forked child has copies of the locks",
          "[container][ends]") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("data");
  MountSet mounts{VolumeMount{.name = "data", .target = "/data"}};
  PreparedMounts prepared = mounts.resolve({.store = ground.store_path(), .current_directory = {}}).prepare();
  const pid_t copy = make_copy();
  LaunchSpec spec = ground.program({"sleep", "1000"});
  spec.mounts = std::move(prepared);
  const Container container = Container::launch(std::move(spec));
  CHECK(store.users("data").size() == 1);
  CHECK(code_of([&] { store.remove("data"); }) == errc::volume_in_use);
  container.kill();
  (void)container.wait();
  CHECK(store.users("data").empty());
  CHECK_NOTHROW(store.remove("data"));
  end(copy);
}

TEST_CASE("a container that starts after its launch was given up is killed", "[container][ends]") {
  const Ground ground;
  const auto shared = ground.directory().make("shared");
  std::filesystem::permissions(shared, std::filesystem::perms::all);
  MountSet mounts{BindMount{shared, "/shared"}};
  for (int number = 0; number < 400; ++number) {  // to be attached one by one, which takes its time
    mounts.add(BindMount{shared, "/many/" + std::to_string(number)});
  }
  const MountPlan plan = mounts.resolve({.store = ground.store_path(), .current_directory = {}});
  int held[2];
  REQUIRE(::pipe2(held, O_CLOEXEC) == 0);
  int given_up = 0;
  for (int round = 0; round < 20; ++round) {
    LaunchSpec spec = ground.program({"sleep", "1000"});
    spec.out = Stdio::descriptor(held[1]);  // open as long as one of them is alive
    spec.mounts = plan.prepare();
    spec.launch_timeout = std::chrono::milliseconds{1 + round / 4};
    try {
      (void)Container::launch(std::move(spec));  // its handle goes at once, and that ends it
    } catch (const LaunchError& error) {
      REQUIRE(error.code() == errc::timed_out);
      ++given_up;
    }
  }
  CHECK(given_up > 0);
  ::close(held[1]);
  pollfd all_ended{held[0], POLLIN, 0};
  CHECK(::poll(&all_ended, 1, 20'000) == 1);
  ::close(held[0]);
}
