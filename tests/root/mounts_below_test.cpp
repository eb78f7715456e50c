// SPDX-License-Identifier: Apache-2.0
// What needs a machine whose mounts a test may change: mounts below a source, and how they travel. Each test works in
// a process with mounts of its own, which end with it.

#include "container/support.hpp"
#include "root/own_mounts.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace fs = std::filesystem;

TEST_CASE("a read-only bind stays read-only below a submount", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto source = ground.directory().make("source");
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    mount_memory(source / "below");
    std::ofstream{source / "below/file"} << "text";
    const auto seen_with = [&](Recursion recursion) {
      return outcome_of(ground.shell("cat /data/below/file; touch /data/new /data/below/new",
                                     {BindMount{source, "/data", {.read_only = true, .recursion = recursion}}}));
    };
    const std::string above = "touch: cannot touch '/data/new': Read-only file system\n";
    for (const Recursion recursion : {Recursion::Enabled, Recursion::ReadOnly}) {
      const Outcome outcome = seen_with(recursion);
      expect(outcome.out, "text");
      expect(outcome.err, above + "touch: cannot touch '/data/below/new': Read-only file system\n");
    }
    expect(seen_with(Recursion::Writable).err, above);
    require(fs::exists(source / "below/new"), "the mount below is writable where that was asked for");
    const Outcome alone = seen_with(Recursion::Disabled);
    expect(alone.out, "");
  }));
  CHECK(fs::is_empty(source / "below"));
}

TEST_CASE("a writable bind brings the mounts below along, writable", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto source = ground.directory().make("source");
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    mount_memory(source / "below");
    (void)output_of(ground.shell("echo x > /data/below/file", {BindMount{source, "/data"}}));
    require(fs::exists(source / "below/file"), "the file is in the mount below");
    std::ifstream table{"/proc/self/mountinfo"};
    const auto mounts = parse_mountinfo(std::string{std::istreambuf_iterator<char>{table}, {}});
    require(!mount_at(mounts, (source / "below").string()).options.contains("nosuid"), "the host's mount is as it was");
  }));
}

TEST_CASE("later mounts of the host arrive by slave propagation and not by private", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto source = ground.directory().make("source");
  CHECK(with_own_mounts(MS_SHARED, [&] {
    mount_memory(source);
    Collector out;
    LaunchSpec spec = ground.shell(
        "until test -e /slave/below/sign; do sleep 0.02; done; ls /private/below; echo came; exec sleep 1000",
        {BindMount{source, "/slave", {.propagation = Propagation::RSlave}}, BindMount{source, "/private"}});
    spec.out = out.stdio();
    const Container container = Container::launch(std::move(spec));
    mount_memory(source / "below");
    std::ofstream{source / "below/sign"} << "";
    require(out.wait_for("came\n"), "it came");
    expect(out.text(), "came\n");
  }));
}

TEST_CASE("nothing a container does to its mounts reaches a host whose mounts are shared", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto source = ground.directory().make("source");
  CHECK(with_own_mounts(MS_SHARED, [&] {
    const auto table = [] {
      std::ifstream stream{"/proc/self/mountinfo"};
      return std::string{std::istreambuf_iterator<char>{stream}, {}};
    };
    const std::string before = table();
    LaunchSpec spec = ground.shell("mkdir /data/below && mount -t tmpfs none /data/below && umount /usr; true",
                                   {BindMount{source, "/data"}});
    spec.add_capabilities = {"SYS_ADMIN"};
    spec.out = Stdio::inherit();
    require(run(std::move(spec)).success(), "run");
    expect(table(), before);
  }));
}

TEST_CASE("set-user-ID bits and devices of a bind count only where they were asked for", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto tools = ground.directory().make("tools");
  fs::copy_file("/bin/cat", tools / "cat");
  ::chmod((tools / "cat").c_str(), 04755);
  REQUIRE(::mknod((tools / "zero").c_str(), S_IFCHR | 0666, makedev(1, 5)) == 0);
  ::chmod((tools / "zero").c_str(), 0666);
  const auto effective = [&](bool suid, bool no_new_privileges) {
    LaunchSpec spec = ground.program({"/tools/cat", "/proc/self/status"}, {BindMount{tools, "/tools", {.suid = suid}}});
    spec.user = "1000";
    spec.no_new_privileges = no_new_privileges;
    return field_of(output_of(std::move(spec)), "Uid");
  };
  CHECK(effective(true, false) == "1000\t0\t0\t0");
  CHECK(effective(false, false) == "1000\t1000\t1000\t1000");
  CHECK(effective(true, true) == "1000\t1000\t1000\t1000");
  const auto bytes_of_device = [&](bool dev) {
    return outcome_of(ground.shell("head -c 3 /tools/zero | wc -c", {BindMount{tools, "/tools", {.dev = dev}}})).out;
  };
  CHECK(bytes_of_device(true) == "3\n");
  CHECK(bytes_of_device(false) == "0\n");
}

TEST_CASE("the source of a container that has ended can be unmounted at once", "[root][mounts]") {
  if (!requires_root()) return;
  const Ground ground;
  const fs::path source = ground.directory().make("source");
  CHECK(with_own_mounts(MS_PRIVATE, [&] {
    for (int round = 0; round < 20; ++round) {
      mount_memory(source);
      (void)output_of(ground.shell("echo x > /data/file", {BindMount{source, "/data"}}));
      require(::umount2(source.c_str(), 0) == 0, "unmount in round " + std::to_string(round));
    }
  }));
}
