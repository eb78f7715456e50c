// SPDX-License-Identifier: Apache-2.0
// Launches of every kind, with mounts that come and go, for a minute (DUNNAGE_SOAK_SECONDS), or so many
// (DUNNAGE_SOAK_LAUNCHES=100000): what the host, the launcher, the kernel and the store hold stays the same.

#include <dunnage/dunnage.hpp>

#include "launcher/connection.hpp"
#include "support/catch.hpp"
#include "support/host.hpp"
#include "support/temporary_directory.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
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

/// What is nobody's descriptor any more, and what a launch could leave behind all the same.
struct Leftovers {
  long store_entries = 0;
  long keys = 0;        ///< of this user (/proc/key-users)
  long namespaces = 0;  ///< network and pid namespaces the kernel has objects of; 0 where only root may know
  long mounts = 0;      ///< the same
  long cgroups = 0;     ///< of each hierarchy (/proc/cgroups), and of the unified one

  friend bool operator==(const Leftovers&, const Leftovers&) = default;
  [[nodiscard]] static long count_cgroups() {
    long count = 0;
    std::istringstream hierarchies{test::file_text("/proc/cgroups")};
    for (std::string line; std::getline(hierarchies, line);) {
      std::istringstream words{line};
      std::string controller;
      long hierarchy = 0;
      long groups = 0;
      if (words >> controller >> hierarchy >> groups) count += groups;
    }
    for (const char* root : {"/sys/fs/cgroup", "/sys/fs/cgroup/unified"}) {
      std::istringstream words{test::file_text(std::string{root} + "/cgroup.stat")};
      for (std::string word; words >> word;) {
        long value = 0;
        if (words >> value && word == "nr_descendants") count += value;
      }
    }
    return count;
  }
  [[nodiscard]] static Leftovers of(const std::filesystem::path& store) {
    Leftovers result{.store_entries = std::distance(std::filesystem::recursive_directory_iterator{store}, {})};
    std::istringstream users{test::file_text("/proc/key-users")};
    for (std::string line; std::getline(users, line);) {
      unsigned user = 0;
      long keys = 0;
      if (std::sscanf(line.c_str(), "%u: %ld", &user, &keys) == 2 && user == ::geteuid()) result.keys = keys;
    }
    std::ifstream slabs{"/proc/slabinfo"};
    for (std::string line; std::getline(slabs, line);) {
      std::istringstream words{line};
      std::string name;
      long active = 0;
      words >> name >> active;
      if (name == "net_namespace" || name == "pid_namespace") result.namespaces += active;
      if (name == "mnt_cache") result.mounts += active;
    }
    result.cgroups = count_cgroups();
    return result;
  }
};

/// Whoever opens the store deletes the anonymous volumes of the last containers; the kernel takes namespaces apart in
/// its own time.
Leftovers settled(const VolumeStore& store) {
  (void)VolumeStore::open(store.root());
  Leftovers before = Leftovers::of(store.root());
  for (int calm = 0, look = 0; calm < 3 && look < 100; ++look) {
    std::this_thread::sleep_for(200ms);
    const Leftovers now = Leftovers::of(store.root());
    calm = now == before ? calm + 1 : 0;
    before = now;
  }
  return before;
}

long number_of(const char* variable, long otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atol(text) : otherwise;
}

/// Limits, where this user can set them.
Resources limits() {
  static const bool possible = [] {
    const auto features = support().features;
    return std::count_if(features.begin(), features.end(), [](const Feature& feature) {
             return feature.available && (feature.name == "limits: memory" || feature.name == "limits: pids");
           }) == 2;
  }();
  return possible ? Resources{.memory = 64 << 20, .pids = 100} : Resources{};
}

/// Cgroups of this launcher's containers that are there while there is one container.
std::size_t cgroups_beside_one() {
  const Container one = Container::launch({.argv = {"sleep", "1000"}, .resources = limits()});
  std::size_t count = 0;
  std::error_code code;
  std::filesystem::recursive_directory_iterator entry{"/sys/fs/cgroup", code};
  for (; !code && entry != std::filesystem::recursive_directory_iterator{}; entry.increment(code)) {
    if (entry->path().filename() != one.id()) continue;
    for (const auto& other : std::filesystem::directory_iterator{entry->path().parent_path()}) {
      count += other.is_directory() && other.path() != entry->path() ? 1 : 0;
    }
  }
  return count;
}

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
         .resources = limits(),
         .name = "soak-" + name,
         .store = store.root()});
    if (!container.exec({.argv = {"true"}}).wait().success()) throw std::runtime_error{"exec failed"};
    (void)container.attach(BindMount{shown, "/later", {.read_only = true}});
    (void)container.replace("/later", Tmpfs{"/later"});
    container.detach("/later");
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
  const long wanted = number_of("DUNNAGE_SOAK_LAUNCHES", 0);
  const std::chrono::seconds time{wanted > 0 ? 0 : number_of("DUNNAGE_SOAK_SECONDS", 60)};
  const test::TemporaryDirectory directory;
  VolumeStore store = VolumeStore::open(directory.path() / "store");
  const auto shown = directory.make("shown");
  std::atomic<long> launches{0};
  const auto launch_for = [&](std::chrono::milliseconds duration, long count) {
    const auto end = std::chrono::steady_clock::now() + duration;
    const long last = launches + count;
    std::atomic<bool> good{true};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 4; ++thread) {
      threads.emplace_back([&, thread] {
        try {
          while (good && (std::chrono::steady_clock::now() < end || launches < last)) {
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

  launch_for(time / 5, wanted / 5);  // until then caches grow
  const Holdings host_before = Holdings::of(::getpid());
  const pid_t launcher = launcher_pid();
  const Holdings launcher_before = Holdings::of(launcher);
  const Leftovers before = settled(store);
  launch_for(time - time / 5, wanted - wanted / 5);
  const Holdings host = Holdings::of(::getpid());
  const Holdings after = Holdings::of(launcher);
  std::printf("%ld launches; host %ld -> %ld KiB, launcher %ld -> %ld KiB\n", launches.load(), host_before.memory,
              host.memory, launcher_before.memory, after.memory);
  constexpr long kRoughly = 512;  // the kernel counts objects of its caches roughly
  const Leftovers left = settled(store);
  std::printf(
      "store entries %ld -> %ld, keys %ld -> %ld, namespaces %ld -> %ld, mounts %ld -> %ld, cgroups %ld -> %ld\n",
      before.store_entries, left.store_entries, before.keys, left.keys, before.namespaces, left.namespaces,
      before.mounts, left.mounts, before.cgroups, left.cgroups);
  CHECK(cgroups_beside_one() == 0);
  CHECK(left.store_entries == before.store_entries);
  CHECK(left.keys - before.keys < 16);
  CHECK(left.cgroups - before.cgroups < 16);  // others of the machine make some, too
  CHECK(left.namespaces - before.namespaces < kRoughly);
  CHECK(left.mounts - before.mounts < 8 * kRoughly);
  CHECK(launcher_pid() == launcher);
  CHECK(host.descriptors == host_before.descriptors);
  CHECK(host.mounts == host_before.mounts);
  CHECK(host.memory - host_before.memory < 2048);
  CHECK(after.descriptors == launcher_before.descriptors);
  CHECK(after.mounts == launcher_before.mounts);
  CHECK(after.memory - launcher_before.memory < 256);
}
