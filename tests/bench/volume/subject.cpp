// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/subject.hpp"

#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/prepared_mounts.hpp>

#include "volume/index.hpp"
#include "volume/volume_store_access.hpp"

#include <unistd.h>

#include <cstddef>
#include <filesystem>
#include <optional>
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

/// All of it is read: the names and the labels.
double Subject::time_list(const VolumeFilter& filter, int expected) {
  return seconds_of([&](int) {
    const auto volumes = filled_.store.list(filter);
    std::size_t letters = 0;
    for (const Volume& volume : volumes) {
      letters += volume.name().size() + volume.labels().at("app").size();
    }
    require(volumes.size() == static_cast<std::size_t>(expected) && letters > volumes.size(), "list");
  });
}

/// Others change the directory here, too, after which an index is made anew as soon as the change is some ticks old.
void Subject::wait_for_index() {
  while (!volume::VolumeIndex::read(VolumeStoreAccess::layout(filled_.store), true)) {
    (void)filled_.store.list({.labels = {{"none has it", std::nullopt}}});
  }
}

void Subject::add_lists() {
  const int count = filled_.count();
  const VolumeFilter front{.labels = {{"com.example.tier", "front"}}};
  add("list", kFloor, [this] { return seconds_of([&](int) { floor_.list(filled_.count()); }); });
  const auto add_indexed = [this](const char* deed, const VolumeFilter& filter, int expected) {
    add(deed, kOurs, [this, filter, expected] {
      wait_for_index();
      return time_list(filter, expected);
    });
  };
  add_indexed("list", {}, count);
  add_indexed("list, a label of 1 in 100", front, count / 100);
  add_indexed("list, a label of all", {.labels = {{"app", "shop"}}}, count);
  add("list, after a create", kOurs, [this, count] {
    wait_for_index();
    (void)filled_.store.create(kNewVolume, {.labels = {{"app", "shop"}}});
    const double seconds = time_list({}, count + 1);
    filled_.store.remove(kNewVolume);
    return seconds;
  });
  add("list, without an index", kOurs, [this, count] {
    std::filesystem::remove_all(filled_.store.root() / "volume-index");
    return time_list({}, count);
  });
}

void Subject::add_changes() {
  const auto make = [this](int) { (void)filled_.store.create(kNewVolume, {.labels = {{"app", "shop"}}}); };
  const auto remove = [this](int) { filled_.store.remove(kNewVolume); };
  const auto make_floor = [this](int) { floor_.create(kNewVolume); };
  const auto make_staged = [this](int) { floor_.create_staged(kNewVolume); };
  const auto remove_floor = [this](int) { floor_.remove(kNewVolume); };
  constexpr int kRepeats = 5;  // what waits for a disk takes very different times
  const auto first = [](auto work, auto undo) {
    return [=] {
      Series seconds;
      for (int repeat = 0; repeat < kRepeats; ++repeat) {
        seconds.emplace_back(seconds_of(work));
        undo(0);
      }
      return spread_of(values_of(seconds)).median;
    };
  };
  const auto second = [](auto before, auto work) {
    return [=] {
      Series seconds;
      for (int repeat = 0; repeat < kRepeats; ++repeat) {
        before(0);
        seconds.emplace_back(seconds_of(work));
      }
      return spread_of(values_of(seconds)).median;
    };
  };
  add("create", kFloor, first(make_floor, remove_floor));
  add("create", kOurs, first(make, remove));
  add("create, staged", kFloor, first(make_staged, remove_floor));
  add("create, staged", kOurs, first(make, remove));
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
