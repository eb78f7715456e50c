// SPDX-License-Identifier: Apache-2.0
// A check beside processes that create, use, list and remove as fast as they can finds nothing. It does when what was
// found of a volume is not dropped if its name is another one's by then (the end of look_once() in volume_check.cpp),
// or when the log is not read again after a comparison with the index (compare() in index_check.cpp).

#include "unit/store_check_support.hpp"
#include "unit/volume_index_support.hpp"

#include <dunnage/error.hpp>

#include "volume/use.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <new>

using namespace dunnage;
using test::TemporaryStore;

namespace {

struct Rounds {
  std::atomic<int> done[4]{};
};

[[noreturn]] void keep_busy(const std::filesystem::path& root, int number, Rounds& rounds) {
  VolumeStore store = VolumeStore::open(root);
  const std::string own = "own-" + std::to_string(number);
  while (true) {
    (void)store.get_or_create(own, {.labels = {{"of", own}}});
    try {
      const auto use = volume::VolumeUse::acquire(root, "shared", "c" + std::to_string(number), "web");
      (void)test::list_with_index(store);
    } catch (const VolumeError&) {  // removed at this moment
    }
    (void)store.create_anonymous("container-" + std::to_string(number));
    if (number == 0) (void)store.prune();
    store.remove(own);
    try {
      if (number == 1) store.remove("shared");
    } catch (const VolumeError&) {  // used at this moment
    }
    (void)store.get_or_create("shared");
    ++rounds.done[number];
  }
}

/// How many checks; DUNNAGE_CHECKS asks for more.
int checks() {
  const char* asked = std::getenv("DUNNAGE_CHECKS");
  return asked != nullptr ? std::atoi(asked) : 2000;
}

}  // namespace

TEST_CASE("a check beside processes that change the store at full speed finds nothing", "[volume][check]") {
  TemporaryStore temporary;
  temporary.store.create("shared");
  void* memory = ::mmap(nullptr, sizeof(Rounds), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& rounds = *new (memory) Rounds{};
  std::vector<pid_t> processes;
  for (int number = 0; number < 4; ++number) {
    processes.push_back(test::start_process([&, number] { keep_busy(temporary.root, number, rounds); }));
  }
  const auto all_have_begun = [&] {
    return std::all_of(std::begin(rounds.done), std::end(rounds.done), [](const auto& done) { return done > 2; });
  };
  std::vector<std::string> found;
  for (int number = 0; (number < checks() || !all_have_begun()) && found.empty(); ++number) {
    const auto report = check_store(temporary.root);
    found = test::problems_of(report);
  }
  for (const pid_t process : processes) CHECK(::kill(process, SIGKILL) == 0);
  for (const pid_t process : processes) CHECK(WIFSIGNALED(test::wait_for(process)));
  (void)::munmap(memory, sizeof(Rounds));
  CHECK(found == std::vector<std::string>{});
}

TEST_CASE("a repair beside processes that change the store at full speed disturbs none", "[volume][repair]") {
  TemporaryStore temporary;
  temporary.store.create("shared");
  test::make_volume(temporary.store, "victim");
  void* memory = ::mmap(nullptr, sizeof(Rounds), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& rounds = *new (memory) Rounds{};
  std::vector<pid_t> processes;
  for (int number = 0; number < 2; ++number) {
    processes.push_back(test::start_process([&, number] { keep_busy(temporary.root, number, rounds); }));
  }
  for (int number = 0; number < checks() / 50 || rounds.done[0] < 3 || rounds.done[1] < 3; ++number) {
    test::overwrite(temporary.root / "volumes/victim/metadata", "damaged");
    REQUIRE(repair_store(temporary.root, {.grace = std::chrono::minutes{1}}).is_clean());
    REQUIRE(temporary.store.find("victim"));
  }
  for (const pid_t process : processes) CHECK(::kill(process, SIGKILL) == 0);
  // one that had failed would have ended by itself
  for (const pid_t process : processes) CHECK(WIFSIGNALED(test::wait_for(process)));
  (void)::munmap(memory, sizeof(Rounds));
  CHECK(test::content_of(temporary.root / "volumes/victim/_data/deep/precious") == "data of victim");
}
