// SPDX-License-Identifier: Apache-2.0
// Launches of every kind for a minute (DUNNAGE_SOAK_SECONDS): what the host and the launcher hold stays the same.

#include <dunnage/dunnage.hpp>

#include "launcher/connection.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/temporary_directory.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <iterator>
#include <thread>

using namespace dunnage;
using namespace std::chrono_literals;

namespace {

/// What a process holds.
struct Holdings {
  long memory = 0;  ///< KiB
  long descriptors = 0;
  long mounts = 0;

  [[nodiscard]] static Holdings of(pid_t pid) {
    const std::filesystem::path process = "/proc/" + std::to_string(pid);
    const std::string mounts = test::file_text(process / "mountinfo");
    return {.memory = std::stol(test::status_of(pid, "VmRSS")),
            .descriptors = std::distance(std::filesystem::directory_iterator{process / "fd"}, {}),
            .mounts = std::count(mounts.begin(), mounts.end(), '\n')};
  }
};

pid_t launcher_pid() { return launcher::Connection::get(launcher::identity_for(::geteuid(), ::getegid()))->pid(); }

void launch_one_of_each(VolumeStore& store, const std::filesystem::path& shown, const std::string& name) {
  const Volume volume = store.get_or_create("volume-" + name);
  MountSet mounts{volume.at("/data")};
  mounts.add(BindMount{shown, "/shown", {.read_only = true}}).add(Tmpfs{"/scratch"}).add_spec("-v /anonymous");
  std::atomic<int> bytes{0};
  {
    Container container = Container::launch(
        {.argv = {"sh", "-c", "echo ready; read line; exit 3"},
         .mounts = mounts,
         .in = Stdio::pipe(),
         .out = Stdio::callback([&](std::string_view text) { bytes += static_cast<int>(text.size()); }),
         .name = "soak-" + name,
         .store = store.root()});
    if (!container.exec({.argv = {"true"}}).wait().success()) throw std::runtime_error{"exec failed"};
    container.close_stdin();
    if (container.wait() != ExitStatus::exited(3)) throw std::runtime_error{"the container failed"};
  }
  if (bytes != 6) throw std::runtime_error{"output was lost"};
  store.remove(volume.name());
  bool refused = false;
  try {
    (void)run({.argv = {"/no/such/program"}});
  } catch (const LaunchError&) {
    refused = true;
  }
  if (!refused) throw std::runtime_error{"a missing program was launched"};
}

}  // namespace

TEST_CASE("host and launcher stay as they are over thousands of launches", "[soak]") {
  const char* wanted = std::getenv("DUNNAGE_SOAK_SECONDS");
  const std::chrono::seconds time{wanted != nullptr ? std::atoi(wanted) : 60};
  const test::TemporaryDirectory directory;
  VolumeStore store = VolumeStore::open(directory.path() / "store");
  const auto shown = directory.make("shown");
  std::atomic<long> launches{0};
  const auto launch_for = [&](std::chrono::milliseconds duration) {
    const auto end = std::chrono::steady_clock::now() + duration;
    std::atomic<bool> good{true};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          while (good && std::chrono::steady_clock::now() < end) {
            launch_one_of_each(store, shown, std::to_string(thread));
            launches += 3;
          }
        } catch (const std::exception& error) {
          std::fprintf(stderr, "%s\n", error.what());
          good = false;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    REQUIRE(good);
    std::this_thread::sleep_for(200ms);  // the launcher is done with the last ones
  };

  launch_for(time / 5);  // until then caches grow
  const Holdings host_before = Holdings::of(::getpid());
  const pid_t launcher = launcher_pid();
  const Holdings launcher_before = Holdings::of(launcher);
  launch_for(time - time / 5);
  const Holdings host = Holdings::of(::getpid());
  const Holdings after = Holdings::of(launcher);
  std::printf("%ld launches; host %ld -> %ld KiB, launcher %ld -> %ld KiB\n", launches.load(), host_before.memory,
              host.memory, launcher_before.memory, after.memory);
  CHECK(launcher_pid() == launcher);
  CHECK(host.descriptors == host_before.descriptors);
  CHECK(host.mounts == host_before.mounts);
  CHECK(host.memory - host_before.memory < 2048);
  CHECK(after.descriptors == launcher_before.descriptors);
  CHECK(after.mounts == launcher_before.mounts);
  CHECK(after.memory - launcher_before.memory < 256);
}
