// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/subject.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/prepared_mounts.hpp>

#include <unistd.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace dunnage::bench {
namespace {

constexpr int kBatch = 50;  // of what takes microseconds

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

}  // namespace

void Subject::add_rows(std::vector<Row>& rows) {
  rows_ = &rows;
  add_single();
  add_lists();
  add_changes();
  add_launch();
}

template <typename Work>
void Subject::add(const char* deed, const char* way, Work work) {
  constexpr int kMany = 10'000;
  const bool walks = std::string_view{deed}.starts_with("list");
  rows_->push_back({.deed = deed,
                    .way = way,
                    .volumes = filled_.count(),
                    .measure = std::move(work),
                    .every = walks && filled_.count() > kMany ? 4U : 1U});
}

/// What takes microseconds; `work` is given a name that is another one each time.
template <typename Work>
void Subject::add_many(const char* deed, const char* way, Work work) {
  add(deed, way, [this, work] { return seconds_of([&](int) { work(filled_.name(++number_)); }, kBatch); });
}

void Subject::add_single() {
  const VolumeStore& store = filled_.store;
  add_many("open", kFloor, [this](const std::string&) { floor_.open(); });
  add_many("open", kOurs, [&store](const std::string&) { (void)VolumeStore::open(store.root()); });
  add_many("get", kFloor, [this](const std::string& name) { floor_.get(name); });
  add_many("get", kOurs, [&store](const std::string& name) { require(store.get(name).name() == name, "get"); });
  add_many("find, absent", kFloor, [this](const std::string& name) { require(!floor_.is_there(name + "x"), "find"); });
  add_many("find, absent", kOurs, [&store](const std::string& name) { require(!store.find(name + "x"), "find"); });
  add_many("get, absent", kOurs, [&store](const std::string& name) {
    try {
      (void)store.get(name + "x");
    } catch (const Error&) {
      return;
    }
    throw std::runtime_error{"get"};
  });
}

void Subject::add_list(const char* deed, const VolumeFilter& filter, int expected) {
  add(deed, kOurs, [this, filter, expected] {
    return seconds_of(
        [&](int) { require(filled_.store.list(filter).size() == static_cast<std::size_t>(expected), "list"); });
  });
}

void Subject::add_lists() {
  add("list", kFloor, [this] { return seconds_of([&](int) { floor_.list(filled_.count()); }); });
  add_list("list", {}, filled_.count());
  add_list("list, a label of 1 in 100", {.labels = {{"com.example.tier", "front"}}}, filled_.count() / 100);
  add_list("list, a label of all", {.labels = {{"app", "shop"}}}, filled_.count());
}

void Subject::add_changes() {
  const auto make = [this](int) { (void)filled_.store.create(kNewVolume, {.labels = {{"app", "shop"}}}); };
  const auto remove = [this](int) { filled_.store.remove(kNewVolume); };
  const auto make_floor = [this](int) { floor_.create(kNewVolume); };
  const auto remove_floor = [this](int) { floor_.remove(kNewVolume); };
  const auto first = [](auto work, auto undo) {
    return [=] {
      const double seconds = seconds_of(work);
      undo(0);
      return seconds;
    };
  };
  const auto second = [](auto before, auto work) {
    return [=] {
      before(0);
      return seconds_of(work);
    };
  };
  add("create", kFloor, first(make_floor, remove_floor));
  add("create", kOurs, first(make, remove));
  add("remove", kFloor, second(make_floor, remove_floor));
  add("remove", kOurs, second(make, remove));
}

/// What a launch asks of the store for each of its volumes.
void Subject::add_launch() {
  const auto plan = [this](const std::string& name) {
    return MountSet{VolumeMount{name, "/data"}}.resolve({.store = filled_.store.root()});
  };
  add_many("resolve, 1 volume", kFloor, [this](const std::string& name) {
    floor_.open();
    floor_.get(name);
  });
  add_many("resolve, 1 volume", kOurs, [plan](const std::string& name) { require(plan(name).size() == 1, "resolve"); });
  add("resolve, 50 volumes", kFloor, [this] {
    return seconds_of([&](int) {
      floor_.open();
      for (int index = 0; index < kBatch; ++index) floor_.get(filled_.name(++number_));
    });
  });
  add("resolve, 50 volumes", kOurs, [this] {
    MountSet mounts;
    for (int index = 0; index < kBatch; ++index) {
      mounts.add(VolumeMount{filled_.name(++number_), "/data/" + std::to_string(index)});
    }
    return seconds_of([&](int) { (void)mounts.resolve({.store = filled_.store.root()}); });
  });
  if (::geteuid() == 0) {
    add_many("resolve and prepare", kOurs, [plan](const std::string& name) { (void)plan(name).prepare(); });
  }
}

}  // namespace dunnage::bench
