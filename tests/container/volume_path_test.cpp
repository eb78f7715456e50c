// SPDX-License-Identifier: Apache-2.0
// A path in a volume instead of all of it.

#include "container/support.hpp"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

std::string launch_message(const Ground& ground, const MountSet& mounts) {
  return message_of([&] { (void)outcome_of(ground.program({"true"}, mounts)); });
}

/// Exchanges two names at once, as a hostile container that shares the volume can.
void exchange(const fs::path& one, const fs::path& other) {
  (void)::syscall(SYS_renameat2, AT_FDCWD, one.c_str(), AT_FDCWD, other.c_str(), RENAME_EXCHANGE);
}

}  // namespace

TEST_CASE("a container sees a directory of a volume, made if it is missing", "[container][mounts][subpath]") {
  const Ground ground;
  const auto data = ground.volumes().create("data").mountpoint();
  const MountSet mounts{VolumeMount{"data", "/site", {.subpath = "a//b/./c"}}};
  const ::mode_t mask = ::umask(077);
  (void)output_of(ground.shell("echo text > /site/file; ls -A /site/..", mounts));
  ::umask(mask);
  CHECK(fs::exists(data / "a/b/c/file"));
  CHECK((fs::status(data / "a/b").permissions() & fs::perms::all) == fs::perms{0755});
  const MountPlan plan = mounts.resolve({.store = ground.store_path(), .current_directory = {}});
  CHECK_THAT(plan.explain("/site/file"), Catch::Contains("\"" + (data / "a/b/c/file").string() + "\""));
  CHECK(output_of(ground.shell("cat /site/file", mounts)) == "text\n");
  const auto seen = parse_mountinfo(output_of(ground.shell("cat /proc/self/mountinfo", mounts)));
  CHECK(mount_at(seen, "/site").root.ends_with("/data/_data/a/b/c"));
}

TEST_CASE("a file of a volume can be mounted", "[container][mounts][subpath]") {
  const Ground ground;
  const auto data = ground.volumes().create("data").mountpoint();
  std::ofstream{data / "conf"} << "text";
  CHECK(output_of(ground.shell("cat /etc/app.conf; test -f /etc/app.conf",
                               {VolumeMount{"data", "/etc/app.conf", {.read_only = true, .subpath = "conf"}}})) ==
        "text");
}

TEST_CASE("links in a volume are followed inside it and never out of it", "[container][mounts][subpath]") {
  const Ground ground;
  const auto data = ground.volumes().create("data").mountpoint();
  const auto secret = ground.directory().write("secret/file", "secret").parent_path();
  fs::create_directories(data / "releases/7");
  std::ofstream{data / "releases/7/file"} << "seven";
  fs::create_symlink("releases/7", data / "current");
  CHECK(output_of(ground.shell("cat /x/file", {VolumeMount{"data", "/x", {.subpath = "current"}}})) == "seven");

  fs::create_symlink(secret, data / "absolute");
  fs::create_symlink("../../../../secret", data / "relative");
  fs::create_symlink("/proc/self/root", data / "magic");
  fs::create_symlink("nowhere", data / "dangling");
  for (const char* path : {"absolute", "relative", "magic", "absolute/file", "relative/new"}) {
    INFO(path);
    CHECK_THAT(launch_message(ground, {VolumeMount{"data", "/x", {.subpath = path}}}),
               Catch::Contains("a symbolic link in it leads out of the volume"));
  }
  CHECK_FALSE(launch_message(ground, {VolumeMount{"data", "/x", {.subpath = "dangling"}}}).empty());
  CHECK_FALSE(fs::exists(secret / "new"));
}

TEST_CASE("a path that is swapped while containers start never leads out of the volume",
          "[container][mounts][subpath]") {
  const Ground ground;
  const auto data = ground.volumes().create("data").mountpoint();
  const auto outside = ground.directory().make("outside");
  std::ofstream{outside / "secret"} << "secret";
  fs::create_directories(data / "a/b");
  std::ofstream{data / "a/b/good"} << "good";
  fs::create_symlink(outside, data / "a/swap");
  std::atomic<bool> stop{false};
  std::thread attacker{[&] {
    while (!stop) exchange(data / "a/b", data / "a/swap");
  }};
  int good = 0;
  int refused = 0;
  std::string bad;
  const auto patience = std::chrono::steady_clock::now() + kPatience;
  // where the attacker stands still at the wrong moment, there are more rounds
  for (int round = 0; round < 150 || (good == 0 && std::chrono::steady_clock::now() < patience); ++round) {
    try {
      // b is the directory or the link; b/new would be made behind the link
      const char* path = round % 2 == 0 ? "a/b" : "a/b/new";
      const MountPlan plan{{[&] {
        ResolvedMount mount = MountSet{VolumeMount{"data", "/x"}}.resolve({.store = ground.store_path()})[0];
        mount.subpath = path;
        return mount;
      }()}};
      LaunchSpec spec = ground.shell("ls -A /x");
      spec.mounts = plan;
      const std::string seen = outcome_of(std::move(spec)).out;
      if (seen.find("secret") != std::string::npos) bad += seen;
      ++good;
    } catch (const Error&) {
      ++refused;
    }
  }
  stop = true;
  attacker.join();
  INFO("good " << good << ", refused " << refused);
  CHECK(bad.empty());
  CHECK(good > 0);
  CHECK_FALSE(fs::exists(outside / "new"));
}

TEST_CASE("a volume that shall not be created has to be there", "[container][mounts][subpath]") {
  const Ground ground;
  const MountSet mounts{VolumeMount{"data", "/x", {.create = false}}};
  CHECK(code_of([&] { (void)Container::launch(ground.program({"true"}, mounts)); }) == errc::volume_missing);
  CHECK(ground.volumes().list().empty());
  (void)ground.volumes().create("data");
  (void)output_of(ground.program({"true"}, mounts));
}
