// SPDX-License-Identifier: Apache-2.0
// A race that the search for one order of all calls (linearizability_test.cpp) meets now and then, met all the time:
// two threads do nothing else.

#include "crash/places.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <atomic>
#include <exception>
#include <functional>
#include <string>
#include <thread>

namespace dunnage::test {
namespace {

constexpr int kTimes = 400;

/// Does it again and again in a thread of its own for as long as this is there.
class Meanwhile {
 public:
  explicit Meanwhile(const std::function<void()>& work)
      : thread_{[this, work] {
          try {
            while (!over_) work();
          } catch (const std::exception& error) {
            complaint_ = error.what();
          }
        }} {}
  Meanwhile(const Meanwhile&) = delete;
  Meanwhile& operator=(const Meanwhile&) = delete;
  ~Meanwhile() {
    over_ = true;
    thread_.join();
    CHECK(complaint_ == "");
  }

 private:
  std::atomic<bool> over_{false};
  std::string complaint_;
  std::thread thread_;
};

/// By one of its names, whichever it has.
template <typename Work>
auto by_either_name(Work&& work) {
  for (int turn = 0;; ++turn) {
    try {
      return work(turn % 2 == 0 ? "one" : "other");
    } catch (const VolumeError& error) {
      if (error.code() != errc::volume_missing) throw;
    }
  }
}

}  // namespace

TEST_CASE("T-7: what is changed of a volume while it is renamed is not lost", "[concurrency][race]") {
  if (!requires_root()) return;
  const auto place = make_place("memory");
  VolumeStore store = VolumeStore::open(place->path() / "store");
  (void)store.create("one");
  const Meanwhile renames{[store]() mutable {
    (void)store.rename("one", "other");
    (void)store.rename("other", "one");
  }};
  for (int time = 0; time < kTimes; ++time) {
    const std::string value = std::to_string(time);
    by_either_name([&](const char* name) { (void)store.update(name, {.labels = {{"value", value}}}); });
    std::this_thread::yield();
    const std::string found = by_either_name([&](const char* name) { return store.get(name).labels().at("value"); });
    REQUIRE(found == value);
  }
}

}  // namespace dunnage::test
