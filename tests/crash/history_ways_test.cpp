// SPDX-License-Identifier: Apache-2.0
// What each file system gives to snapshots, clones and rollbacks: the way is told, and the content is the same on all.

#include "crash/places.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"
#include "support/tree.hpp"
#include "volume/use.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/volume_history.hpp>

#include <cstdlib>
#include <fstream>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;
using Way = SnapshotWay;

struct Ways {
  const char* kind;
  Way first;  ///< of a volume that was made empty and written to
  Way later;  ///< of what was copied once
};

void write_data(const fs::path& data, const std::string& text) {
  fs::create_directories(data / "deep");
  std::ofstream{data / "deep/large", std::ios::binary} << std::string(3'000'000, 'l') << text;
  std::ofstream{data / "small"} << text;
}

void go_back_and_forth(VolumeStore& store, const Ways& ways) {
  VolumeHistory history = store.history("db");
  const fs::path data = store.get("db").mountpoint();
  const std::string then = tree_of(history.get("then").mountpoint);
  write_data(data, "changed");
  const std::string now = tree_of(data);
  const auto before = history.rollback("then");
  REQUIRE(before);
  CHECK(tree_of(data) == then);
  CHECK(tree_of(before->mountpoint) == now);
  CHECK(history.plan().way == ways.later);  // the volume is a copy now
  CHECK(history.snapshot({.name = "again"}).way == ways.later);
  CHECK(history.rollback(before->name, {.before = "then-too"}));
  CHECK(tree_of(data) == now);
  CHECK(tree_of(history.get("then-too").mountpoint) == then);
  CHECK(history.diff("then", "then-too").empty());
  CHECK(history.diff("then").size() == 2);
}

void use_meanwhile(VolumeStore& store, const Ways& ways) {
  const volume::VolumeUse use =
      volume::VolumeUse::acquire(VolumeStoreAccess::layout(store), "clone", "0123456789ab", "somebody");
  CHECK(store.history("clone").snapshot().consistency ==
        (ways.later == Way::Subvolume ? SnapshotConsistency::Crash : SnapshotConsistency::Unordered));
}

void keep_what_is_in_it(VolumeStore& store) {
  const fs::path data = store.get("clone").mountpoint();
  REQUIRE(std::system(("btrfs subvolume create '" + (data / "inner").string() + "' >/dev/null").c_str()) == 0);
  std::ofstream{data / "inner/file"} << "inner";
  CHECK(store.history("clone").plan().way == Way::Reflink);
  const VolumeSnapshot whole = store.history("clone").snapshot();
  CHECK(whole.way == Way::Reflink);
  CHECK(fs::exists(whole.mountpoint / "inner/file"));
}

}  // namespace

TEST_CASE("each file system gives histories of volumes the fastest way it has, and says which", "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs") || !requires_program("mkfs.btrfs")) return;
  for (const Ways& ways : {Ways{"ext4", Way::Copy, Way::Copy}, Ways{"xfs", Way::Reflink, Way::Reflink},
                           Ways{"btrfs", Way::Reflink, Way::Subvolume}}) {
    CAPTURE(ways.kind);
    const auto place = make_place(ways.kind);
    VolumeStore store = VolumeStore::open(place->path() / "store");
    const fs::path data = store.create("db").mountpoint();
    write_data(data, "first");
    const std::string then = tree_of(data);
    CHECK(store.history("db").plan().way == ways.first);
    CHECK(store.history("db").snapshot({.name = "then"}).way == ways.first);
    const VolumeClone clone = store.clone("db", "clone", {.snapshot = "then"});
    CHECK(clone.way == ways.later);
    CHECK(tree_of(clone.volume.mountpoint()) == then);
    write_data(clone.volume.mountpoint(), "of the clone");
    CHECK(tree_of(store.history("db").get("then").mountpoint) == then);
    go_back_and_forth(store, ways);
    use_meanwhile(store, ways);
    if (ways.later == Way::Subvolume) keep_what_is_in_it(store);
    store.remove("clone");
    store.remove("db");
    CHECK(fs::is_empty(store.root() / "trash"));
    CHECK(fs::is_empty(store.root() / "staging"));
  }
}

}  // namespace dunnage::test
