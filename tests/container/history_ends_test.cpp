// SPDX-License-Identifier: Apache-2.0
// Histories of volumes that are ended, damaged, elsewhere, or only planned.

#include "container/history_support.hpp"

#include <stop_token>

namespace dunnage::test {
namespace {

constexpr const char* kSeeded = "seeded";

}  // namespace

TEST_CASE("a snapshot, a clone and a rollback that are ended have changed nothing") {
  const Ground ground;
  FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  (void)history.snapshot({.name = kSeeded});
  const std::string now = tree_of(volume.data);
  std::stop_source stop;
  stop.request_stop();
  const Watch stopped{.stop = stop.get_token()};
  const Watch late{.deadline = std::chrono::steady_clock::now() - 1s};
  CHECK(code_of([&] { (void)history.snapshot({.watch = stopped}); }) == errc::cancelled);
  CHECK(code_of([&] { (void)history.snapshot({.watch = late}); }) == errc::timed_out);
  CHECK(code_of([&] { (void)volume.store.clone("db", "new", {.watch = stopped}); }) == errc::cancelled);
  CHECK(code_of([&] { (void)history.rollback(kSeeded, {.watch = stopped}); }) == errc::cancelled);
  CHECK(code_of([&] { (void)history.diff(kSeeded, {}, {.watch = stopped}); }) == errc::cancelled);
  CHECK(code_of([&] { (void)history.plan(stopped); }) == errc::cancelled);
  CHECK(tree_of(volume.data) == now);
  CHECK(history.snapshots().size() == 1);
  CHECK_FALSE(volume.store.find("new"));
  CHECK(entries_below(ground.store_path() / "staging").empty());
}

TEST_CASE("snapshots go with their volume, and a damaged one is named, repaired, and can be removed") {
  const Ground ground;
  FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  (void)history.snapshot({.name = "whole"});
  const VolumeSnapshot damaged = history.snapshot({.name = "damaged", .labels = {{"a", "b"}}});
  const VolumeSnapshot hollow = history.snapshot({.name = "hollow"});
  CHECK(volume.store.check({.grace = 0s}).is_clean());
  const std::string content = tree_of(damaged.mountpoint);
  write_text(damaged.mountpoint.parent_path() / "metadata", "{}");
  std::filesystem::remove_all(hollow.mountpoint);

  CHECK(code_of([&] { (void)history.get("damaged"); }) == errc::volume_damaged);
  CHECK(code_of([&] { (void)history.rollback("hollow"); }) == errc::volume_damaged);
  CHECK(history.snapshots().size() == 2);
  const StoreReport found = volume.store.check({.grace = 0s});
  REQUIRE(found.findings.size() == 2);
  CHECK(found.findings[0].problem.find("snapshot \"damaged\": its metadata cannot be used") == 0);
  CHECK(found.findings[0].repairable);
  CHECK(found.findings[1].problem == "snapshot \"hollow\": its data is gone");
  CHECK_FALSE(found.findings[1].repairable);
  (void)volume.store.repair({.grace = 0s});
  CHECK(history.get("damaged").labels.empty());
  CHECK(tree_of(damaged.mountpoint) == content);
  history.remove("hollow");
  CHECK(volume.store.check({.grace = 0s}).is_clean());

  volume.store.remove("db");
  CHECK_FALSE(std::filesystem::exists(ground.store_path() / "volumes/db"));
  CHECK(code_of([&] { (void)history.snapshots(); }) == errc::volume_missing);
  CHECK(code_of([&] { (void)history.snapshot(); }) == errc::volume_missing);
}

TEST_CASE("a volume whose data is elsewhere has no history here") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("memory", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}});
  CHECK(code_of([&] { (void)store.history("memory").snapshot(); }) == errc::not_supported);
  CHECK(code_of([&] { (void)store.clone("memory", "new"); }) == errc::not_supported);
}

TEST_CASE("the plan of a snapshot says which way it goes and what it costs") {
  const Ground ground;
  const FilledVolume volume{ground};
  const SnapshotPlan plan = volume.history().plan();
  CHECK(plan.entries == 10);
  CHECK(plan.bytes >= 40'000);
  CHECK(plan.bytes < 3'000'000);  // holes cost nothing
  CHECK(plan.users.empty());
  const VolumeSnapshot made = volume.history().snapshot();
  CHECK(plan.way == made.way);
  CHECK((plan.copied == 0) == (made.copied == 0));
  CHECK_FALSE(plan.reason.empty());
}

}  // namespace dunnage::test
