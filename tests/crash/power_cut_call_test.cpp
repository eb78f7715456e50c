// SPDX-License-Identifier: Apache-2.0
// The power is cut between any two changes a call makes to its disk, and what was not synced by then is lost in any
// way. What was acknowledged is there; else the call is done or undone, and can be done again.
//
// DUNNAGE_CRASHES says how often for each call; without it, at the moments at which most has not been synced.

#include "crash/bench.hpp"
#include "crash/dropping_disk.hpp"
#include "crash/power_cuts.hpp"
#include "support/apart.hpp"
#include "support/catch.hpp"
#include "support/fuse_server.hpp"
#include "support/requires.hpp"

#include <cstdlib>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

struct Cut {
  std::size_t at = 0;
  Left left = Left::Nothing;
};

bool is_sync(const DiskChange& change) {
  return change.kind == DiskChange::Kind::Sync || change.kind == DiskChange::Kind::SyncData ||
         change.kind == DiskChange::Kind::SyncAll;
}

/// A call on a store, recorded once.
class RecordedCall {
 public:
  RecordedCall(DroppingDisk& disk, const StoreOperation& operation) : disk_{disk}, outcomes_{operation} {
    const Recording made = disk.record({}, [&](const fs::path& top, const Report&) { operation.prepare(top); });
    auto served = disk.serve(made.end());
    outcomes_.set_before(state_on(served));
    recording_ = disk.record(served.end().end(), [&](const fs::path& top, const Report& report) {
      const auto call = operation.ready(top);
      report.tell("begun");
      call();
      report.tell("done");
    });
    outcomes_.set_after(state_on(disk.serve(recording_.end())));
    begun_ = recording_.when("begun");
    done_ = recording_.when("done");
  }

  /// Right after its answer, and `number` of those before a sync, from the last one on, which most depends on.
  [[nodiscard]] std::vector<Cut> worst(std::size_t number) const {
    std::vector<Cut> cuts;
    for (std::size_t at = done_; at-- > begun_;) {
      if (!is_sync(recording_.changes[at])) continue;
      for (const Left left : {Left::Names, Left::One, Left::Some}) cuts.push_back({at, left});
    }
    cuts = some_of(cuts, number);
    for (const Left left : {Left::Nothing, Left::Names}) cuts.push_back({done_, left});
    return cuts;
  }

  /// So many, spread over all there are.
  [[nodiscard]] std::vector<Cut> spread(std::size_t number) const {
    std::vector<Cut> cuts;
    for (std::size_t at = begun_; at <= recording_.size(); ++at) {
      for (const Left left : all_that_may_be_left()) cuts.push_back({at, left});
    }
    return some_of(cuts, number);
  }

  void cut_at(const Cut& cut, std::minstd_rand& random) const {
    CAPTURE(cut.at, begun_, done_, recording_.size(), to_string(cut.left));
    const auto left = disk_.serve(recording_.cut(cut.at, cut.left, random));
    inspect_apart(left.top(), recording_.told_before(cut.at), [&](const fs::path& top, const Told&) {
      const std::string state = state_of_place(outcomes_.operation(), top);
      std::string wrong = outcomes_.wrong_after_cut(state, cut.at >= done_);
      if (!wrong.empty() || outcomes_.operation().adds) return wrong;
      outcomes_.do_again(top, state == outcomes_.after());
      return outcomes_.wrong_after_retry(state_of_place(outcomes_.operation(), top));
    });
  }

 private:
  [[nodiscard]] std::string state_on(const DroppingDisk::Served& served) const {
    const DoneApart done = do_apart([&] { return state_of_place(outcomes_.operation(), served.top()); });
    REQUIRE(done.status == 0);
    return done.words;
  }

  DroppingDisk& disk_;
  Outcomes outcomes_;
  Recording recording_;
  std::size_t begun_ = 0;
  std::size_t done_ = 0;
};

void cut_each(const std::vector<StoreOperation>& operations, std::size_t usual) {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  DroppingDisk disk;
  std::minstd_rand random{20240229};
  for (const StoreOperation& operation : operations) {
    CAPTURE(operation.name);
    const RecordedCall call{disk, operation};
    const bool is_long = std::getenv("DUNNAGE_CRASHES") != nullptr;
    for (const Cut& cut : is_long ? call.spread(crashes_of_each(0)) : call.worst(usual)) call.cut_at(cut, random);
  }
}

/// Those of them that are synced before they are acknowledged, and do without an overlay on the disk.
std::vector<StoreOperation> lasting(std::vector<StoreOperation> operations) {
  std::erase_if(operations, [](const StoreOperation& operation) { return operation.unsynced; });
  return operations;
}

}  // namespace

TEST_CASE("T-3: a call on volumes whose power is cut at any change, and loses what was not synced, is done or undone",
          "[crash][dropping]") {
  cut_each(volume_operations(), 6);
}

TEST_CASE("T-3: a call on a volume's history whose power is cut at any change is done or undone", "[crash][dropping]") {
  cut_each(history_operations(), 6);
}

TEST_CASE("T-3: a call that moves volumes whose power is cut at any change is done or undone", "[crash][dropping]") {
  cut_each(move_operations(), 6);
}

TEST_CASE("T-3: a call on images whose power is cut at any change is done or undone", "[crash][dropping]") {
  cut_each(image_operations(), 6);
}

TEST_CASE("T-3: a call on transactions whose power is cut at any change is done, undone, or to be finished",
          "[crash][dropping]") {
  cut_each(lasting(transaction_operations()), 6);
}

TEST_CASE(
    "T-3: a volume that is filled, and a removal of a container, whose power is cut at any change are done or undone",
    "[crash][dropping]") {
  cut_each(lasting(container_operations()), 6);
}

TEST_CASE(
    "T-3: a project whose power is cut at any change is up or down as far as it was, and the next call does the rest",
    "[crash][dropping]") {
  cut_each(ended_project_operations(), 3);
}

TEST_CASE("T-3: a change of a volume's limit whose power is cut at any change of its disk is done or undone",
          "[crash][dropping]") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  cut_each(limit_operations(), 2);
}

}  // namespace dunnage::test
