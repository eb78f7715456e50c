// SPDX-License-Identifier: Apache-2.0
// Processes that share an index, and die.

#include "unit/killed_process.hpp"
#include "unit/volume_index_support.hpp"

#include <dunnage/error.hpp>

#include <sys/mman.h>

#include <atomic>
#include <random>
#include <set>
#include <stdexcept>
#include <thread>

using namespace dunnage;
using test::has_index;
using test::killed_at;
using test::list_with_index;
using test::names_of;
using test::TemporaryStore;
using test::truth_of;

namespace {

/// Kills `work` at each of its calls in turn, each time in a store of "one" and "two", with an index or without.
void kill_everywhere(bool with_index, const std::function<void(VolumeStore&)>& work) {
  int call = 0;
  for (bool killed = true; killed; ++call) {
    TemporaryStore temporary;
    temporary.store.create("one");
    temporary.store.create("two", {.labels = {{"of", "two"}}});
    if (with_index) REQUIRE(list_with_index(temporary.store).size() == 2);
    killed = killed_at(call, [&] { work(temporary.store); });
    CAPTURE(call, killed);
    for (int look = 0; look < 2; ++look) {
      CHECK(temporary.store.list() == truth_of(temporary.store));
      CHECK(list_with_index(temporary.store) == truth_of(temporary.store));
    }
    CHECK(has_index(temporary.store));
    const VolumeStore opened = VolumeStore::open(temporary.root);
    CHECK(test::entries_of(temporary.root / "trash").empty());
    CHECK(test::entries_of(temporary.root / "staging").empty());
    CHECK(opened.list() == truth_of(opened));
    // what is there can be changed as if nothing had been
    if (!temporary.store.find("two")) temporary.store.create("two");
    temporary.store.remove("two");
    CHECK(temporary.store.list() == truth_of(temporary.store));
  }
  CHECK(call > 10);
}

constexpr int kProcesses = 6;

struct Shared {
  std::atomic<int> waiting{0};
  std::atomic<int> indexed{0};
};

/// One process of several: nobody else changes its volumes, so every listing must show these as it left them.
void change_and_list(const std::filesystem::path& root, int number, Shared& shared) {
  VolumeStore store = VolumeStore::open(root);
  std::minstd_rand random{static_cast<unsigned>(number) + 1};
  const std::string prefix = "p" + std::to_string(number) + "-";
  std::map<std::string, std::string> mine;
  for (int round = 0; round < 120; ++round) {
    const std::string name = prefix + std::to_string(random() % 5);
    if (mine.erase(name) > 0) {
      store.remove(name);
    } else {
      store.create(name, {.labels = {{"round", std::to_string(round)}}});
      mine[name] = std::to_string(round);
    }
    const auto listed = random() % 3 == 0 ? store.list() : list_with_index(store);
    std::map<std::string, std::string> seen;
    for (const Volume& volume : listed) {
      if (volume.name().starts_with(prefix)) seen[volume.name()] = volume.labels().at("round");
    }
    if (seen != mine) throw std::runtime_error{"a listing shows another state than the one that was acknowledged"};
    if (!std::is_sorted(listed.begin(), listed.end(),
                        [](const Volume& one, const Volume& other) { return one.name() < other.name(); })) {
      throw std::runtime_error{"a listing is not sorted"};
    }
    shared.indexed += has_index(store) ? 1 : 0;
    if (round % 40 == 39) (void)store.prune(false);
  }
}

}  // namespace

TEST_CASE("listings of processes that create and remove at once show what was acknowledged", "[volume][index]") {
  TemporaryStore temporary;
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& shared = *new (memory) Shared{};
  std::vector<pid_t> processes;
  for (int number = 0; number < kProcesses; ++number) {
    processes.push_back(test::start_process([&, number] {
      ++shared.waiting;
      while (shared.waiting < kProcesses) std::this_thread::yield();
      change_and_list(temporary.root, number, shared);
    }));
  }
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
  CHECK(shared.indexed > 0);  // else nothing was tested
  (void)::munmap(memory, sizeof(Shared));
  CHECK(temporary.store.list() == truth_of(temporary.store));
  CHECK(list_with_index(temporary.store) == truth_of(temporary.store));
}

TEST_CASE("threads that list and change one store see what was acknowledged", "[volume][index]") {
  TemporaryStore temporary;
  Shared shared;
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < 3; ++number) {
    threads.emplace_back([&, number] {
      try {
        change_and_list(temporary.root, number, shared);
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  CHECK(shared.indexed > 0);
}

TEST_CASE("a process killed at any call of a creation leaves listings right", "[volume][index][crash]") {
  const auto create = [](VolumeStore& store) { store.create("three", {.labels = {{"of", "three"}}}); };
  kill_everywhere(true, create);
}

TEST_CASE("a process killed at any call of a removal leaves listings right", "[volume][index][crash]") {
  kill_everywhere(true, [](VolumeStore& store) { store.remove("two"); });
}

TEST_CASE("a process killed at any call of a listing leaves listings right", "[volume][index][crash]") {
  kill_everywhere(false, [](VolumeStore& store) { (void)list_with_index(store); });
}

TEST_CASE("a process killed at any call of a listing after a change leaves listings right", "[volume][index][crash]") {
  kill_everywhere(true, [](VolumeStore& store) {
    store.remove("two");
    (void)list_with_index(store);
  });
}
