// SPDX-License-Identifier: Apache-2.0
// The states of a volume that are kept: each is what was there, stays what it is, and can be gone back to.

#include "container/history_support.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/use_watch.hpp"

#include <fcntl.h>
#include <unistd.h>

namespace dunnage::test {
namespace {

constexpr const char* kSeeded = "seeded";

/// A container that uses the volume until it is stopped.
Container user_of(const Ground& ground, const VolumeStore& store, std::string name) {
  LaunchSpec spec = ground.shell("echo ready; exec sleep 1000", MountSet{store.get("db").at("/data")});
  Collector out;
  spec.name = std::move(name);
  spec.out = out.stdio();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready"));
  return container;
}

void end(Container& container) {
  container.kill();
  (void)container.wait();
}

}  // namespace

TEST_CASE("a snapshot is the volume as it was, to the last attribute, whatever becomes of the volume") {
  const Ground ground;
  const FilledVolume volume{ground};
  const std::string before = tree_of(volume.data);
  const VolumeSnapshot made = volume.history().snapshot({.name = kSeeded, .labels = {{"for", "tests"}}});

  CHECK(made.volume == "db");
  CHECK(made.name == kSeeded);
  CHECK(made.consistency == SnapshotConsistency::Idle);
  CHECK(made.entries == 10);
  CHECK((made.way == SnapshotWay::Copy ? made.copied > 40'000 : made.copied == 0));
  CHECK(tree_of(made.mountpoint) == before);
  write_text(volume.data / "plain", "something else");
  std::filesystem::remove_all(volume.data / "deep");
  CHECK(tree_of(made.mountpoint) == before);
  CHECK(volume.history().get(kSeeded) == made);
  CHECK(volume.history().snapshots() == std::vector{made});
  CHECK(entries_below(ground.store_path() / "staging").empty());
}

TEST_CASE("snapshots have names of their own or none, labels that can be changed, and the order of their times") {
  const Ground ground;
  const FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  CHECK(history.snapshots().empty());
  const VolumeSnapshot first = history.snapshot();
  const VolumeSnapshot second = history.snapshot({.name = "a-later-one"});
  CHECK(first.name.find('T') != std::string::npos);
  CHECK(history.snapshots() == std::vector{first, second});
  CHECK(history.set_labels(first.name, {{"nightly", ""}}).labels == Labels{{"nightly", ""}});
  CHECK(history.get(first.name).labels == Labels{{"nightly", ""}});
  CHECK(history.get(first.name).created_at == first.created_at);
  CHECK_FALSE(history.find("absent"));
  CHECK(to_json(second).find(R"("Volume":"db","Name":"a-later-one")") != std::string::npos);

  CHECK(code_of([&] { (void)history.snapshot({.name = "a-later-one"}); }) == errc::snapshot_exists);
  CHECK(code_of([&] { (void)history.snapshot({.name = "../x"}); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)history.snapshot({.labels = {{"k", "\xff"}}}); }) == errc::invalid_argument);
  CHECK(code_of([&] { (void)history.get("a-later-on"); }) == errc::snapshot_missing);
  CHECK(code_of([&] { history.remove("a-later-on"); }) == errc::snapshot_missing);
  CHECK(code_of([&] { history.rollback("a-later-on"); }) == errc::snapshot_missing);
  CHECK(message_of([&] { (void)history.get("a-later-on"); }).find("did you mean \"a-later-one\"?") !=
        std::string::npos);
  CHECK(code_of([&] { (void)volume.store.history("nothing"); }) == errc::volume_missing);
  history.remove(first.name);
  CHECK(history.snapshots() == std::vector{second});
}

TEST_CASE("rolling back brings the data of a snapshot, and keeps what was there before as a snapshot") {
  const Ground ground;
  const FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  const std::string then = tree_of(volume.data);
  (void)history.snapshot({.name = kSeeded});
  write_text(volume.data / "plain", "changed");
  write_text(volume.data / "more/new", "new");
  std::filesystem::remove(volume.data / "link");
  const std::string now = tree_of(volume.data);

  const auto before = history.rollback(kSeeded);
  CHECK(tree_of(volume.data) == then);
  REQUIRE(before);
  CHECK(tree_of(before->mountpoint) == now);
  CHECK(before->labels == Labels{{"dunnage.before-rollback-to", kSeeded}});
  CHECK(entries_below(before->mountpoint.parent_path()) == std::vector<std::string>{"_data", "lock", "metadata"});
  CHECK(history.snapshots().size() == 2);

  CHECK(history.rollback(before->name, {.before = "seeded-again"})->name == "seeded-again");
  CHECK(tree_of(volume.data) == now);
  CHECK(tree_of(history.get("seeded-again").mountpoint) == then);
  CHECK_FALSE(history.rollback(kSeeded, {.keep_before = false}));
  CHECK(tree_of(volume.data) == then);
  CHECK(history.snapshots().size() == 3);
  CHECK(code_of([&] { history.rollback(kSeeded, {.before = kSeeded}); }) == errc::snapshot_exists);
  CHECK(entries_below(ground.store_path() / "staging").empty());
}

TEST_CASE("a volume in use is not rolled back, and the error names who uses it") {
  const Ground ground;
  const FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  (void)history.snapshot({.name = kSeeded});
  write_text(volume.data / "plain", "changed");
  const std::string now = tree_of(volume.data);
  Container user = user_of(ground, volume.store, "the-database");
  try {
    (void)history.rollback(kSeeded);
    FAIL("it was rolled back");
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_in_use);
    CHECK(error.users() == std::vector<std::string>{"the-database"});
  }
  CHECK(tree_of(volume.data) == now);
  end(user);
  CHECK(history.rollback(kSeeded));
}

TEST_CASE("a snapshot of a volume in use says so, unless it was frozen around the copy") {
  const Ground ground;
  FilledVolume volume{ground};
  VolumeHistory history = volume.history();
  std::string calls;
  const FreezeHook freeze{[&] { calls += "before "; }, [&] { calls += "after "; }};
  CHECK(history.snapshot({.freeze = freeze}).consistency == SnapshotConsistency::Idle);
  CHECK(calls.empty());

  Container user = user_of(ground, volume.store, "the-database");
  CHECK(history.plan().users == std::vector<std::string>{"the-database"});
  CHECK(history.snapshot().consistency == SnapshotConsistency::Unordered);
  CHECK(history.snapshot({.name = "frozen", .freeze = freeze}).consistency == SnapshotConsistency::Frozen);
  CHECK(calls == "before after ");
  CHECK(tree_of(history.get("frozen").mountpoint) == tree_of(volume.data));
  CHECK(volume.store.clone("db", "copy").consistency == SnapshotConsistency::Unordered);

  const std::size_t count = history.snapshots().size();
  const auto fail = [] { throw std::runtime_error{"it does not answer"}; };
  CHECK_THROWS_WITH(history.snapshot({.freeze = {fail, [&] { calls += "never "; }}}), "it does not answer");
  CHECK_THROWS_WITH(history.snapshot({.freeze = {{}, fail}}), "it does not answer");
  CHECK(calls == "before after ");
  CHECK(history.snapshots().size() == count);
  CHECK(entries_below(ground.store_path() / "staging").empty());
  end(user);
  CHECK(history.snapshot().consistency == SnapshotConsistency::Idle);
}

TEST_CASE("a container that came and went while a volume was copied is noticed without a lock") {
  const Ground ground;
  const FilledVolume volume{ground};
  const kernel::FileDescriptor db{::open((ground.store_path() / "volumes/db").c_str(), O_RDONLY | O_CLOEXEC)};
  REQUIRE(db);
  const volume::UseWatch never_used{db.get()};
  CHECK_FALSE(never_used.was_used());
  CHECK_FALSE(never_used.is_used());
  Container first = user_of(ground, volume.store, "first");
  CHECK(never_used.is_used());
  CHECK(volume::UseWatch{db.get()}.was_used());
  end(first);
  CHECK(never_used.is_used());
  const volume::UseWatch idle{db.get()};
  CHECK_FALSE(idle.was_used());
  Container second = user_of(ground, volume.store, "second");
  end(second);
  CHECK(idle.is_used());
}

TEST_CASE("a clone is a volume of its own, of a volume as it is or as it was") {
  const Ground ground;
  FilledVolume volume{ground};
  const std::string then = tree_of(volume.data);
  (void)volume.history().snapshot({.name = kSeeded});
  write_text(volume.data / "plain", "changed");
  const std::string now = tree_of(volume.data);

  const VolumeClone of_now = volume.store.clone("db", "now", {.labels = Labels{{"of", "now"}}});
  const VolumeClone of_then = volume.store.clone("db", "then", {.snapshot = kSeeded});
  CHECK(tree_of(of_now.volume.mountpoint()) == now);
  CHECK(tree_of(of_then.volume.mountpoint()) == then);
  CHECK(of_now.volume == volume.store.get("now"));
  CHECK(of_now.volume.labels() == Labels{{"of", "now"}});
  CHECK(of_now.consistency == SnapshotConsistency::Idle);
  CHECK(volume.store.history("then").snapshots().empty());
  write_text(of_now.volume.mountpoint() / "plain", "of the clone");
  CHECK(tree_of(volume.data) == now);
  CHECK(output_of(ground.shell("cat /data/plain; echo -n more > /data/plain", MountSet{of_then.volume.at("/data")})) ==
        "plain content");
  CHECK(read_text(of_then.volume.mountpoint() / "plain") == "more");

  CHECK(code_of([&] { (void)volume.store.clone("db", "now"); }) == errc::volume_exists);
  CHECK(code_of([&] { (void)volume.store.clone("dx", "new"); }) == errc::volume_missing);
  CHECK(code_of([&] { (void)volume.store.clone("db", "new", {.snapshot = "absent"}); }) == errc::snapshot_missing);
  CHECK(code_of([&] { (void)volume.store.clone("db", "not/a/name"); }) == errc::invalid_argument);
  CHECK_FALSE(volume.store.find("new"));
  CHECK(entries_below(ground.store_path() / "staging").empty());
}

TEST_CASE("what a container's users own is kept in snapshots, and can be removed with them") {
  if (!requires_many_ids()) return;
  const Ground ground{"0"};
  VolumeStore store = ground.volumes();
  (void)store.create("db");
  const auto listing = [&](const std::string& volume) {
    return output_of(
        ground.shell("cd /data && stat -c '%n %u:%g %a' . * d/*; cat f d/g", MountSet{store.get(volume).at("/data")}));
  };
  (void)output_of(
      ground.shell("mkdir /data/d; echo one > /data/f; echo two > /data/d/g; chmod 600 /data/f /data/d/g; "
                   "chown 33:44 /data/f; chown -R 7:8 /data/d; chown 9:9 /data; chmod 700 /data /data/d",
                   MountSet{store.get("db").at("/data")}));
  const std::string before = listing("db");
  VolumeHistory history = store.history("db");
  CHECK(history.plan().entries == 3);
  (void)history.snapshot({.name = kSeeded});
  (void)store.clone("db", "copy", {.snapshot = kSeeded});
  CHECK(listing("copy") == before);
  (void)output_of(ground.shell("echo changed > /data/f; rm -r /data/d", MountSet{store.get("db").at("/data")}));
  std::vector<std::string> changed;
  for (const SnapshotChange& change : history.diff(kSeeded)) changed.push_back(change.path);
  CHECK(changed == std::vector<std::string>{"d", "d/g", "f"});
  CHECK(history.rollback(kSeeded));
  CHECK(listing("db") == before);
  CHECK_FALSE(history.rollback(kSeeded, {.keep_before = false}));
  CHECK(listing("db") == before);
  CHECK(entries_below(ground.store_path() / "staging").empty());
  for (const VolumeSnapshot& snapshot : history.snapshots()) history.remove(snapshot.name);
  store.remove("db");
  store.remove("copy");
  (void)store.repair({.grace = 0s});  // as root of the containers
  CHECK(entries_below(ground.store_path() / "trash").empty());
}

TEST_CASE("a container sees a snapshot read-only") {
  const Ground ground;
  const FilledVolume volume{ground};
  (void)volume.history().snapshot({.name = kSeeded});
  const BindMount mount = volume.history().at(kSeeded, "/then");
  CHECK(output_of(ground.shell("cat /then/plain; (echo x > /then/plain) 2>&1 | grep -o 'Read-only'; cat /then/plain",
                               MountSet{mount})) == "plain contentRead-only\nplain content");
}

}  // namespace dunnage::test
