// SPDX-License-Identifier: Apache-2.0
// Volumes that are something else than a directory of the store.

#include "container/support.hpp"

#include <sys/stat.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("a volume can be a directory of the host", "[container][mounts][driver]") {
  const Ground ground;
  const auto directory = ground.directory().write("srv/file", "text").parent_path();
  auto volumes = ground.volumes();
  (void)volumes.create("rw", {.driver_options = {{"type", "none"}, {"device", directory}, {"o", "bind"}}});
  (void)volumes.create("ro", {.driver_options = {{"type", "none"}, {"device", directory}, {"o", "bind,ro,noexec"}}});
  const Outcome outcome =
      outcome_of(ground.shell("cat /rw/file; echo x > /rw/new; touch /ro/no; grep -o ' /ro [^ ]*' /proc/self/mountinfo",
                              {VolumeMount{"rw", "/rw"}, VolumeMount{"ro", "/ro"}}));
  CHECK_THAT(outcome.out, Catch::StartsWith("text /ro ro,nosuid,nodev,noexec"));
  CHECK_THAT(outcome.err, Catch::Contains("'/ro/no': Read-only file system"));
  CHECK(ground.directory().read("srv/new") == "x\n");
  (void)output_of(ground.shell("test ! -e /x/file && test -e /x/below && touch /x/made",
                               {VolumeMount{"rw", "/x", {.subpath = "new-directory"}},
                                BindMount{ground.directory().make("empty"), "/x/below"}}));
  CHECK(std::filesystem::exists(directory / "new-directory/made"));
  (void)volumes.create("system", {.driver_options = {{"type", "none"}, {"device", "/etc/."}, {"o", "bind"}}});
  CHECK_THAT(message_of([&] {
               (void)run(ground.program({"true"}, {VolumeMount{"system", "/x", {.chown = true}}}));
             }),
             Catch::Contains("a directory of the machine itself"));
  volumes.remove("rw");
  CHECK(std::filesystem::exists(directory / "file"));  // the store never owned it

  (void)volumes.create("gone", {.driver_options = {{"type", "none"}, {"device", directory / "no"}, {"o", "bind"}}});
  CHECK_FALSE(message_of([&] { (void)run(ground.program({"true"}, {VolumeMount{"gone", "/x"}})); }).empty());
}

TEST_CASE("a volume can be in memory, for one container at a time", "[container][mounts][driver]") {
  const Ground ground;
  auto volumes = ground.volumes();
  const DriverOptions memory{{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=1m,mode=0750,nr_inodes=50"}};
  (void)volumes.create("fast", {.driver_options = memory});
  const MountSet mounts{VolumeMount{"fast", "/fast"}};
  const std::string show = "grep ' /fast ' /proc/self/mountinfo; stat -c %a /fast; touch /fast/file; ls /fast";
  for (int round = 0; round < 2; ++round) {
    const std::string out = output_of(ground.shell(show, mounts));
    CHECK_THAT(out, Catch::Contains("- tmpfs tmpfs rw,size=1024k,nr_inodes=50,mode=750"));
    CHECK_THAT(out, Catch::EndsWith("750\nfile\n"));
  }
  LaunchSpec spec = ground.program({"sleep", "100"}, mounts);
  spec.name = "first";
  const Container first = Container::launch(std::move(spec));
  CHECK_THAT(message_of([&] { (void)run(ground.program({"true"}, mounts)); }),
             Catch::Contains("a volume in memory is for one container at a time, and is used by \"first\""));
  CHECK_THAT(message_of([&] {
               (void)run(ground.program({"true"}, {VolumeMount{"fast", "/x", {.subpath = "a"}}}));
             }),
             Catch::Contains("a volume in memory is empty when it is mounted"));
  CHECK_THAT(message_of([&] {
               (void)run(ground.program({"true"}, {VolumeMount{"other", "/x", {.driver_options = memory}},
                                                   VolumeMount{"other", "/y", {.driver_options = memory}}}));
             }),
             Catch::Contains("mounted at one place"));
}

TEST_CASE("a mount can say what the volume is that it makes", "[container][mounts][driver]") {
  const Ground ground;
  const auto directory = ground.directory().make("srv");
  (void)output_of(ground.shell(
      "echo x > /d/file",
      {VolumeMount{"made", "/d", {.driver_options = {{"type", "none"}, {"device", directory}, {"o", "bind"}}}}}));
  CHECK(ground.directory().read("srv/file") == "x\n");
  CHECK(ground.volumes().get("made").info().driver_options.at("device") == directory.string());
}

TEST_CASE("a file system in a file is shared by its containers, and its device goes with the last",
          "[container][mounts][driver]") {
  const Ground ground;
  const auto image = ground.path("data.img");
  std::ofstream{image} << "";
  std::filesystem::resize_file(image, 16U << 20U);
  auto volumes = ground.volumes();
  (void)volumes.create("disk", {.driver_options = {{"type", "ext4"}, {"device", image}}});
  const MountSet mounts{VolumeMount{"disk", "/disk"}};
  if (who() != Launcher::Root) {
    CHECK(code_of([&] { (void)run(ground.program({"true"}, mounts)); }) == errc::not_supported);
    CHECK_THAT(message_of([&] { (void)run(ground.program({"true"}, mounts)); }),
               Catch::Contains("a volume of type \"ext4\" is mounted by root alone"));
    return;
  }
  CHECK_THAT(message_of([&] { (void)run(ground.program({"true"}, mounts)); }),  // it is no file system yet
             Catch::Contains("mount of type \"ext4\""));
  if (!requires_program("mkfs.ext4")) return;
  REQUIRE(
      run(ground.program({"mkfs.ext4", "-q", "/images/data.img"}, {BindMount{ground.directory().path(), "/images"}}))
          .success());
  const auto devices = [&] {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator{"/sys/block"}) {
      std::ifstream backing{entry.path() / "loop/backing_file"};
      std::string line;
      if (std::getline(backing, line) && line == std::filesystem::canonical(image).string()) ++count;
    }
    return count;
  };
  {
    const Container first = Container::launch(ground.shell("echo first > /disk/file; exec sleep 100", mounts));
    CHECK(eventually([&] { return outcome_of(ground.shell("cat /disk/file", mounts)).out == "first\n"; }));
    CHECK(devices() == 1);
    const MountSet below{VolumeMount{"disk", "/x", {.subpath = "site/a", .owner = Ownership::as(1000, 1000)}}};
    LaunchSpec spec = ground.shell("touch /x/file; stat -c %u:%g /x /x/file; df /x | grep -c loop", below);
    spec.user = "1000:1000";
    CHECK(output_of(std::move(spec)) == "1000:1000\n1000:1000\n1\n");
    CHECK(output_of(ground.shell("stat -c %u /disk/site/a/file", mounts)) == "0\n");
  }
  CHECK(eventually([&] { return devices() == 0; }));
  CHECK(output_of(ground.shell("cat /disk/file", mounts)) == "first\n");
  CHECK(eventually([&] { return devices() == 0; }));
}

TEST_CASE("a file system this kernel has not is refused by its name", "[container][mounts][driver]") {
  const Ground ground;
  (void)ground.volumes().create("share", {.driver_options = {{"type", "nosuchfs"}, {"device", "server:/share"}}});
  const MountSet mounts{VolumeMount{"share", "/x"}};
  CHECK(code_of([&] { (void)run(ground.program({"true"}, mounts)); }) == errc::not_supported);
  if (who() == Launcher::Root) {
    CHECK_THAT(message_of([&] { (void)run(ground.program({"true"}, mounts)); }),
               Catch::Contains("this kernel has no file system \"nosuchfs\""));
  }
}
