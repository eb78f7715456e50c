// SPDX-License-Identifier: Apache-2.0
// One allocation fails after the other. Each call is done, or throws and has changed nothing, and a second try works.

#include "crash/bench.hpp"
#include "crash/failing_new.hpp"
#include "crash/places.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>

namespace {

std::atomic<std::size_t> made{0};
std::atomic<std::size_t> failing{dunnage::test::kNever};
std::atomic<bool> for_ever{false};

void* allocate(std::size_t size) {
  const std::size_t number = made++;
  const std::size_t failed = failing;
  void* memory = number == failed || (for_ever && number > failed) ? nullptr : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc{};
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new[](std::size_t size) { return allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace dunnage::test {

std::size_t fail_allocation(std::size_t after, bool persists) noexcept {
  failing = kNever;
  const std::size_t number = made.exchange(0);
  for_ever = persists;
  failing = after;
  return number;
}

namespace {

struct Wish {
  std::size_t after = kNever;
  bool persists = false;
};

/// The operation with an allocation that fails as `wish` says when it is called.
StoreOperation with_failure(StoreOperation operation, const std::shared_ptr<Wish>& wish) {
  operation.ready = [ready = std::move(operation.ready), wish](const StoreOperation::Place& place) {
    return [call = ready(place), wish] {
      (void)fail_allocation(wish->after, wish->persists);
      try {
        call();
      } catch (...) {
        (void)fail_allocation(kNever);
        throw;
      }
      (void)fail_allocation(kNever);
    };
  };
  return operation;
}

std::size_t allocations_of(const StoreOperation& operation, const Bench& bench) {
  const TracedRun run = trace([&](Account& account) {
    const auto call = operation.ready(bench.place());
    (void)fail_allocation(kNever);
    call();
    account.say(std::to_string(fail_allocation(kNever)));
  });
  bench.reset();
  return std::strtoul(run.words.c_str(), nullptr, 10);
}

void fail_at(const Bench& bench, Wish& wish, const Wish& now) {
  wish = now;
  const TracedRun run = bench.run({}, [](const ProcessSnapshot& before) -> std::string {
    const ProcessSnapshot after = ProcessSnapshot::take();
    return after.descriptors.size() > before.descriptors.size() ? "LEAKED, now there is " + after.descriptors : "";
  });
  wish = {};
  const Verdict verdict = verdict_of(run);
  CAPTURE(now.after, now.persists, static_cast<int>(verdict), run.words, run.status);
  REQUIRE((verdict == Verdict::Done || verdict == Verdict::Refused));
  const std::string state = bench.state();
  if (verdict == Verdict::Done) {
    REQUIRE(state == bench.after());
  } else {
    REQUIRE(bench.is_undone(state, now.persists));
  }
  if (bench.operation().adds) bench.reset();
  REQUIRE(bench.retry(state == bench.after()) == "");
  bench.reset();
}

}  // namespace

// Not those that read or write JSON: the destructor of nlohmann::json allocates, and ends the process if it cannot.
TEST_CASE("T-2: any allocation that fails leaves a store as it was, and nothing of the process behind", "[crash]") {
  if (!requires_tracing()) return;
  int done = 0;
  for (const StoreOperation& operation : volume_operations()) {
    if (operation.name != "remove a volume" && operation.name != "open a store that is not there yet") continue;
    CAPTURE(operation.name);
    const auto place = make_place("memory");
    const auto wish = std::make_shared<Wish>();
    const Bench bench{with_failure(operation, wish), place->path()};
    const std::size_t all = allocations_of(operation, bench);
    REQUIRE(all > 2);
    for (const bool persists : {false, true}) {
      for (std::size_t after = 0; after < all; ++after) fail_at(bench, *wish, {.after = after, .persists = persists});
    }
    ++done;
  }
  CHECK(done == 2);
}

}  // namespace dunnage::test
