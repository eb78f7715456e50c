// SPDX-License-Identifier: Apache-2.0
// A path in a volume instead of all of it.

#include "container/support.hpp"
#include "support/rounds.hpp"
#include "support/swap.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

std::string launch_message(const Ground& ground, const MountSet& mounts) {
  return message_of([&] { (void)outcome_of(ground.program({"true"}, mounts)); });
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
  CHECK_THAT(plan.explain("/site/file").to_string(), Catch::Contains("\"" + (data / "a/b/c/file").string() + "\""));
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
          "[container][mounts][subpath][race]") {
  const Ground ground;
  const auto data = ground.volumes().create("data").mountpoint();
  const auto outside = ground.directory().make("outside");
  std::ofstream{outside / "secret"} << "secret";
  fs::create_directories(data / "a/b");
  std::ofstream{data / "a/b/good"} << "good";
  fs::create_symlink(outside, data / "a/swap");
  int good = 0;
  int refused = 0;
  std::string bad;
  {
    const Swap swap{data / "a/b", data / "a/swap"};
    for (Rounds rounds{150}; rounds.next(good > 0);) {
      try {
        // b is the directory or the link; b/new would be made behind the link
        const char* path = rounds.number() % 2 == 1 ? "a/b" : "a/b/new";
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
  }
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
