// SPDX-License-Identifier: Apache-2.0
// Limits that the kernel holds for whoever writes, on a disk of each kind; and what keeps them.

#include "container/image_support.hpp"
#include "kernel/quota_group.hpp"
#include "root/limit_support.hpp"

#include <dunnage/copy.hpp>
#include <dunnage/volume_trash.hpp>

#include <fcntl.h>
#include <unistd.h>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// Loop devices of the image of a volume.
std::size_t devices_of(const VolumeStore& store, const std::string& volume) {
  return devices_below(fs::canonical(store.get(volume).mountpoint() / "image"));
}

void commit(const VolumeStore& store) {
  const int directory = ::open(store.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  REQUIRE(::syncfs(directory) == 0);
  ::close(directory);
}

}  // namespace

TEST_CASE("a limit where there are no quotas is that of a file system in an image, which all containers share") {
  if (!has_tools()) return;
  const Ground ground;
  VolumeStore store = ground.volumes();
  const VolumeLimitPlan plan = store.plan_limit({.size = 16 * kMiB, .inodes = 200});
  CHECK(plan.way == LimitWay::Ext4Image);
  CHECK(plan.limit.inodes <= 200);
  CHECK(entries_below(ground.store_path() / "volumes").empty());
  const Volume made = store.create("db", {.limit = VolumeLimit{.size = 16 * kMiB, .inodes = 200}});
  CHECK(made.info().limit == plan.limit);
  CHECK(made.info().limit_way == LimitWay::Ext4Image);
  CHECK(store.list().front().info() == made.info());
  CHECK(in(ground, "db", "ls -A /d; stat -c '%a %u' /d") == "755 0\n");
  CHECK(fill_up(ground, "db") == "before\nNo space left on device");
  CHECK(filled(ground, "db") < 16 * kMiB);
  CHECK_THAT(in(ground, "db", "rm /d/filling; for i in $(seq 300); do touch /d/$i || break; done 2>&1; ls /d | wc -l"),
             Catch::Contains("No space left on device"));
  CHECK(store.usage("db").files == plan.limit.inodes);
  (void)in(ground, "db", "rm /d/[0-9]*");
  const VolumeUsage usage = store.usage("db");
  CHECK(usage.way == UsageWay::FileSystem);
  CHECK(usage.files == 1);
  CHECK(usage.limit == plan.limit);

  LaunchSpec spec = ground.shell("echo one > /d/one; exec sleep 1000", at_d("db"));
  Container first = Container::launch(std::move(spec));
  Container second = Container::launch(ground.shell("echo two > /d/two; exec sleep 1000", at_d("db")));
  CHECK(eventually([&] { return in(ground, "db", "cat /d/one /d/two 2>&1; true") == "one\ntwo\n"; }));
  second.attach(VolumeMount{"db", "/more"});
  CHECK(outcome_of(second, {.argv = {"cat", "/more/one"}}).out == "one\n");
  CHECK(devices_of(store, "db") == 1);
  CHECK(code_of([&] { (void)store.history("db").snapshot(); }) == errc::volume_in_use);
  CHECK(code_of([&] { (void)store.clone("db", "torn"); }) == errc::volume_in_use);
  (void)store.copy("db", "whole");  // file by file, from the file system that is mounted
  first.kill();
  second.kill();
  (void)first.wait();
  (void)second.wait();
  CHECK(eventually([&] { return devices_of(store, "db") == 0; }));
  CHECK(in(ground, "whole", "cat /d/one /d/two") == "one\ntwo\n");
  CHECK(store.get("whole").info().limit == plan.limit);
}

TEST_CASE("an image goes where its volume goes, and grows with the limit") {
  if (!has_tools()) return;
  const Ground ground;
  VolumeStore store = ground.volumes();
  (void)store.create("db", {.seed = SeedFiles{{{"d/seed", "sown\n"}}}, .limit = VolumeLimit{.size = 16 * kMiB}});
  CHECK(in(ground, "db", "cat /d/d/seed") == "sown\n");
  (void)store.history("db").snapshot({.name = "then"});
  copy_in(store, "db", ground.directory().write("copied", "copied in\n"), "/copied");
  (void)in(ground, "db", "cat /d/copied; rm /d/d/seed");
  CHECK(store.rename("db", "renamed").info().limit.size == 16 * kMiB);
  store.remove("renamed", {.keep = std::chrono::hours{1}});
  CHECK(store.trash().usage("renamed").bytes > 2 * 4096);
  CHECK(store.trash().restore("renamed", "db") == "db");
  CHECK(in(ground, "db", "cat /d/copied") == "copied in\n");

  const VolumeLimit larger{.size = 40 * kMiB};
  const auto plan = store.plan_update("db", {.limit = larger});
  REQUIRE(plan.differences().size() == 1);
  CHECK(plan.differences().front().what == "size");
  CHECK(plan.apply().info().limit == larger);
  (void)store.update("db", {.limit = larger});
  CHECK(fill_up(ground, "db") == "before\nNo space left on device");
  CHECK(filled(ground, "db") > 24 * kMiB);
  CHECK(store.check().findings.empty());
  write_text(store.root() / "volumes/db/metadata", "damaged");
  (void)store.repair();
  CHECK(store.get("db").info().limit == larger);
  CHECK(store.get("db").info().limit_way == LimitWay::Ext4Image);

  (void)store.clone("db", "clone", {.snapshot = "then"});
  CHECK(in(ground, "clone", "cat /d/d/seed; ls /d") == "sown\nd\n");
  REQUIRE(store.history("db").rollback("then"));  // it was smaller then
  CHECK(in(ground, "db", "cat /d/d/seed; ls /d") == "sown\nd\n");
  for (const char* volume : {"db", "clone"}) {
    CHECK(store.get(volume).info().limit == larger);
    CHECK(fill_up(ground, volume) == "before\nNo space left on device");
    CHECK(filled(ground, volume) > 24 * kMiB);
  }
  (void)in(ground, "clone", "rm /d/filling");
  const fs::path archive = ground.path("db.tar");
  (void)store.export_to("clone", archive);
  CHECK(store.import_from(archive, "db", {.replace = true}).volume.info().limit == larger);
  CHECK(in(ground, "db", "cat /d/before") == "before\n");
  CHECK(eventually([&] { return devices_of(store, "db") == 0; }));
}

TEST_CASE("the image of a large limit is XFS, and grows under the container that fills it") {
  if (!has_tools()) return;
  const Ground ground;
  VolumeStore store = ground.volumes();
  CHECK(store.create("db", {.limit = VolumeLimit{.size = 300 * kMiB}}).info().limit_way == LimitWay::XfsImage);
  LaunchSpec spec = ground.shell(
      "echo before > /d/before; fallocate -l 400m /d/large 2>/d/refused; echo refused; read line; rm -f /d/large; "
      "fallocate -l 400m /d/large && cat /d/before; exec sleep 1000",
      at_d("db"));
  Collector out;
  spec.in = Stdio::pipe();
  spec.out = out.stdio();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("refused"));
  (void)store.update("db", {.limit = VolumeLimit{.size = 600 * kMiB}});
  REQUIRE(::write(container.stdin_fd(), "\n", 1) == 1);
  CHECK(out.wait_for("before"));
  CHECK_THAT(in(ground, "db", "cat /d/refused"), Catch::Contains("No space left on device"));
  container.kill();
  (void)container.wait();
}

TEST_CASE("a volume in an image is used together with its clones") {
  if (!has_tools()) return;
  const Ground ground;
  VolumeStore store = ground.volumes();
  for (const std::uint64_t size : {16 * kMiB, 300 * kMiB}) {
    (void)store.create("db", {.limit = VolumeLimit{.size = size}});
    (void)in(ground, "db", "echo first > /d/file");
    (void)store.clone("db", "clone");
    const MountSet both{VolumeMount{"db", "/d"}, VolumeMount{"clone", "/c"}};
    CHECK(output_of(ground.shell("cat /c/file; echo second > /c/file; cat /d/file /c/file", both)) ==
          "first\nfirst\nsecond\n");
    store.remove("db");
    store.remove("clone");
  }
}

TEST_CASE("a limit on btrfs is a quota, which snapshots, clones and rollbacks keep") {
  if (!has_tools()) return;
  const OnDisk disk{"btrfs"};
  const Ground ground;
  VolumeStore store = ground.volumes();
  const VolumeLimit limit{.size = 8 * kMiB};
  const VolumeLimitPlan plan = store.plan_limit(limit);
  CHECK(plan.way == LimitWay::BtrfsQuota);
  CHECK(plan.costs.size() == 1);  // quotas are off, and a plan leaves them so
  CHECK(store.plan_limit(limit) == plan);
  CHECK(store.plan_limit({.size = 16 * kMiB, .inodes = 1000}).way == LimitWay::Ext4Image);
  CHECK(store.create("db", {.limit = limit}).info().limit_way == LimitWay::BtrfsQuota);
  CHECK(store.plan_limit(limit).costs.empty());
  (void)in(ground, "db", "echo then > /d/then");
  (void)store.history("db").snapshot({.name = "then"});
  CHECK(fill_up(ground, "db") == "before\nDisk quota exceeded");
  CHECK(filled(ground, "db") <= 8 * kMiB);
  commit(store);
  const VolumeUsage usage = store.usage("db");
  CHECK(usage.way == UsageWay::Quota);
  CHECK(usage.bytes > 4 * kMiB);
  CHECK(usage.bytes <= 8 * kMiB);
  CHECK_THAT(message_of([&] { (void)store.update("db", {.limit = VolumeLimit{.size = 4 * kMiB}}); }),
             Catch::Contains("more than the limit of 4194304"));
  CHECK(store.get("db").info().limit == limit);

  (void)store.clone("db", "full");
  (void)store.clone("db", "clone", {.snapshot = "then"});
  REQUIRE(store.history("db").rollback("then"));
  CHECK(in(ground, "full", "dd if=/dev/zero of=/d/more bs=1M count=4 2>/dev/null || echo refused") == "refused\n");
  for (const char* volume : {"db", "clone"}) {
    CHECK(in(ground, volume, "ls /d") == "then\n");
    CHECK(store.get(volume).info().limit == limit);
    CHECK(fill_up(ground, volume) == "before\nDisk quota exceeded");
  }
  (void)store.update("db", {.limit = VolumeLimit{.size = 24 * kMiB}});
  CHECK(fill_up(ground, "db") == "before\nDisk quota exceeded");
  CHECK(filled(ground, "db") > 12 * kMiB);
  (void)in(ground, "db", "rm /d/filling");
  (void)store.update("db", {.limit = limit});
  CHECK(fill_up(ground, "db") == "before\nDisk quota exceeded");
  CHECK(filled(ground, "db") <= 8 * kMiB);
  for (const Volume& volume : store.list()) store.remove(volume.name());
}

TEST_CASE("an empty volume with a limit gets what the image has, and keeps its limit") {
  if (!has_tools() || !requires_busybox()) return;
  for (const std::string kind : {"machine", "btrfs"}) {
    const OnDisk disk{kind};
    const Ground ground;
    TestImages images{ground};
    images.add("app", {base_layer(), {directory("d", 0751), {.path = "d/file", .content = "of the image\n"}}});
    (void)ground.volumes().create("db", {.limit = VolumeLimit{.size = 16 * kMiB}});
    CHECK(output_of(images.shell("app", "cat /d/file; stat -c %a /d; ls -A /d", at_d("db"))) ==
          "of the image\n751\nfile\n");
    CHECK_THAT(fill_up(ground, "db"), Catch::StartsWith("before\n") && !Catch::EndsWith("not refused"));
    CHECK(filled(ground, "db") <= 16 * kMiB);
  }
}

}  // namespace dunnage::test
