// SPDX-License-Identifier: Apache-2.0
// Volumes that are there, with all they hold and all their snapshots, and another limit from then on.

#include "root/limit_support.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

std::string everything_in(const Ground& ground, const std::string& volume) {
  return in(ground, volume,
            "cd /d; find . -print0 | sort -z | xargs -0 stat -c '%n %a %u:%g %F'; "
            "find . -type f -printf '%p %n\\n' | sort; "
            "find . -type f -print0 | sort -z | xargs -0 md5sum");
}

void give(const VolumeStore& store, const VolumeLimit& limit) { VolumeStore{store}.update("db", {.limit = limit}); }

std::string refusal(const Ground& ground, std::uint64_t size) {
  const std::string answer = fill_up(ground, "db");
  CHECK(filled(ground, "db") <= size);
  (void)in(ground, "db", "rm /d/filling /d/before");
  return answer;
}

std::vector<std::string> paths_of(const std::vector<SnapshotChange>& changes) {
  std::vector<std::string> paths;
  for (const SnapshotChange& change : changes) paths.push_back(change.path);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::error_code full() { return std::make_error_code(std::errc::no_space_on_device); }

}  // namespace

TEST_CASE("a volume that is there gets a limit, a smaller one, and none, and keeps all it holds") {
  if (!has_tools()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    CAPTURE(kind);
    const OnDisk disk{kind};
    const Ground ground;
    const FilledVolume volume{ground};
    ::lchown((volume.data / "private").c_str(), 1234, 4321);
    const VolumeStore& store = volume.store;
    const std::string before = everything_in(ground, "db");
    const LimitWay way = kind == "btrfs" ? LimitWay::BtrfsQuota : LimitWay::Ext4Image;

    const auto plan = store.plan_update("db", {.limit = VolumeLimit{.size = 40 * kMiB}});
    CHECK(plan.needs_no_users());
    CHECK_THAT(plan.to_string(), Catch::Contains("limit way: \"none\" -> \"" + std::string{to_string(way)}) &&
                                     Catch::Contains("all of its data is copied"));
    CHECK(store.get("db").info().limit_way == LimitWay::None);
    CHECK(plan.apply().info().limit_way == way);
    CHECK(everything_in(ground, "db") == before);
    CHECK_THAT(refusal(ground, 40 * kMiB), Catch::StartsWith("before\n") && !Catch::EndsWith("not refused"));

    for (const VolumeLimit& limit : {VolumeLimit{.size = 24 * kMiB}, VolumeLimit{.size = 32 * kMiB, .inodes = 200},
                                     VolumeLimit{.size = 28 * kMiB, .inodes = 100}}) {
      give(store, limit);
      const VolumeInfo info = store.get("db").info();
      CHECK(info.limit.size == limit.size);
      CHECK(info.limit.inodes <= limit.inodes);
      CHECK(everything_in(ground, "db") == before);
      CHECK_THAT(refusal(ground, limit.size), Catch::StartsWith("before\n") && !Catch::EndsWith("not refused"));
    }
    CHECK_THAT(in(ground, "db", "for i in $(seq 300); do touch /d/$i || break; done 2>&1; rm /d/[0-9]*"),
               Catch::Contains("No space left on device"));

    give(store, {});
    CHECK(store.get("db").info().limit_way == LimitWay::None);
    CHECK(everything_in(ground, "db") == before);
    CHECK(in(ground, "db", "dd if=/dev/zero of=/d/filling bs=1M count=48 2>/dev/null && rm /d/filling && echo went") ==
          "went\n");
    CHECK(entries_below(ground.store_path() / "staging").empty());
    CHECK(store.check().findings.empty());
  }
}

TEST_CASE("a limit that is less than a volume holds is refused, and nothing has changed") {
  if (!has_tools()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    CAPTURE(kind);
    const OnDisk disk{kind};
    const Ground ground;
    VolumeStore store = ground.volumes();
    (void)store.create("db");
    (void)in(ground, "db", "dd if=/dev/urandom of=/d/large bs=1M count=20 2>/dev/null; echo kept > /d/kept");
    const std::string before = everything_in(ground, "db");
    const std::string message = message_of([&] { give(store, {.size = 16 * kMiB}); });
    CHECK_THAT(message, Catch::Contains("16777216") && Catch::Contains("give a larger limit"));
    CHECK(code_of([&] { give(store, {.size = 16 * kMiB}); }) == full());
    CHECK(store.get("db").info().limit_way == LimitWay::None);
    CHECK(everything_in(ground, "db") == before);
    give(store, {.size = 40 * kMiB});
    CHECK(code_of([&] { give(store, {.size = 16 * kMiB}); }) == full());
    CHECK(store.get("db").info().limit.size == 40 * kMiB);
    CHECK(everything_in(ground, "db") == before);
    CHECK(entries_below(ground.store_path() / "staging").empty());
  }
}

TEST_CASE("a snapshot from before a limit that is more than that is not gone back to, and nothing has changed") {
  if (!has_tools()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    CAPTURE(kind);
    const OnDisk disk{kind};
    const Ground ground;
    VolumeStore store = ground.volumes();
    (void)store.create("db");
    (void)in(ground, "db", "dd if=/dev/urandom of=/d/large bs=1M count=20 2>/dev/null");
    (void)store.history("db").snapshot({.name = "large"});
    (void)in(ground, "db", "rm /d/large; echo kept > /d/kept");
    give(store, {.size = 16 * kMiB});
    CHECK(code_of([&] { (void)store.history("db").rollback("large"); }) == full());
    CHECK(code_of([&] { (void)store.clone("db", "clone", {.snapshot = "large"}); }) == full());
    CHECK_FALSE(store.find("clone"));
    CHECK(in(ground, "db", "ls /d; cat /d/kept") == "kept\nkept\n");
    CHECK(entries_below(ground.store_path() / "staging").empty());
  }
}

TEST_CASE("snapshots from before a limit stay what they are, and go back under the limit of now") {
  if (!has_tools()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    CAPTURE(kind);
    const OnDisk disk{kind};
    const Ground ground;
    const FilledVolume volume{ground};
    VolumeStore store = volume.store;
    const std::string first = everything_in(ground, "db");
    (void)volume.history().snapshot({.name = "free"});
    give(store, {.size = 40 * kMiB, .inodes = 300});
    (void)in(ground, "db", "echo second > /d/plain; dd if=/dev/urandom of=/d/large bs=1M count=20 2>/dev/null");
    const std::string second = everything_in(ground, "db");
    (void)volume.history().snapshot({.name = "limited"});
    CHECK(volume.history().get("free").limit_way == LimitWay::None);
    CHECK(volume.history().get("limited").limit_way == LimitWay::Ext4Image);
    CHECK(paths_of(volume.history().diff("free", "limited")) ==
          std::vector<std::string>{"deep/second-name", "large", "plain"});
    CHECK(volume.history().diff("limited").empty());
    (void)in(ground, "db", "rm /d/large");
    give(store, {.size = 16 * kMiB});
    CHECK(paths_of(volume.history().diff("limited")) == std::vector<std::string>{"large"});

    CHECK(code_of([&] { (void)volume.history().rollback("limited"); }) == full());
    CHECK(code_of([&] { (void)store.clone("db", "clone", {.snapshot = "limited"}); }) == full());
    CHECK_FALSE(store.find("clone"));
    REQUIRE(volume.history().rollback("free", {.before = "small"}));
    CHECK(everything_in(ground, "db") == first);
    CHECK_THAT(refusal(ground, 16 * kMiB), Catch::StartsWith("before\n") && !Catch::EndsWith("not refused"));
    (void)store.create("sown", {.seed = SeedSnapshot{"db", "limited"}});
    CHECK(everything_in(ground, "sown") == second);

    give(store, {});
    REQUIRE(volume.history().rollback("limited"));
    CHECK(everything_in(ground, "db") == second);
    (void)store.clone("db", "clone", {.snapshot = "small"});
    CHECK(store.get("clone").info().limit_way == LimitWay::None);
    CHECK(in(ground, "clone", "cat /d/plain; test -e /d/large || echo none") == "second\nnone\n");
    CHECK(store.check().findings.empty());
  }
}

TEST_CASE("a limit does not change under the containers that use the volume") {
  if (!has_tools()) return;
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("db");
  Container user = Container::launch(ground.shell("echo used > /d/file; exec sleep 1000", at_d("db")));
  CHECK(eventually([&] { return fs::exists(store.get("db").mountpoint() / "file"); }));
  CHECK(code_of([&] { give(store, {.size = 16 * kMiB}); }) == errc::volume_in_use);
  CHECK(store.get("db").info().limit_way == LimitWay::None);
  user.kill();
  (void)user.wait();
  std::stop_source stop;
  (void)stop.request_stop();
  CHECK(code_of([&] {
          (void)store.update("db", {.limit = VolumeLimit{.size = 16 * kMiB}}, {.stop = stop.get_token()});
        }) == errc::cancelled);
  give(store, {.size = 16 * kMiB});
  CHECK(in(ground, "db", "cat /d/file") == "used\n");
}

TEST_CASE("a snapshot whose record is lost is repaired to what holds its data") {
  if (!has_tools()) return;
  const Ground ground;
  const FilledVolume volume{ground};
  VolumeStore store = volume.store;
  const std::string all = everything_in(ground, "db");
  give(store, {.size = 16 * kMiB});
  (void)volume.history().snapshot({.name = "limited"});
  give(store, {});
  write_text(volume.history().get("limited").mountpoint.parent_path() / "metadata", "damaged");
  (void)store.repair();
  CHECK(volume.history().get("limited").limit_way == LimitWay::Ext4Image);
  (void)in(ground, "db", "rm -r /d/*");
  REQUIRE(volume.history().rollback("limited"));
  CHECK(everything_in(ground, "db") == all);
}

TEST_CASE("a volume in memory gets a limit and loses it") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("db", {.driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}});
  give(store, {.size = 4 * kMiB});
  CHECK(store.get("db").info().limit_way == LimitWay::Memory);
  const std::string write = "dd if=/dev/zero of=/d/filling bs=1M count=6 2>/dev/null && echo went || echo refused";
  CHECK(in(ground, "db", write) == "refused\n");
  give(store, {.size = 8 * kMiB});
  CHECK(in(ground, "db", write) == "went\n");
  give(store, {});
  CHECK(store.get("db").info().driver_options == DriverOptions{{"type", "tmpfs"}, {"device", "tmpfs"}});
  CHECK(in(ground, "db", write) == "went\n");
}

}  // namespace dunnage::test
