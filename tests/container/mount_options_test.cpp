// SPDX-License-Identifier: Apache-2.0
// What a tmpfs, a source and a set of mounts can be told, seen from inside.

#include "container/support.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

const char* const kShowMounts = "cat /proc/self/mountinfo";

bool says(const ResolvedMount& mount, std::string_view words) {
  return std::any_of(mount.reasons.begin(), mount.reasons.end(),
                     [&](const std::string& reason) { return reason.find(words) != std::string::npos; });
}

}  // namespace

TEST_CASE("a tmpfs holds no more files than it was given, after a restart as well", "[container][mounts][options]") {
  const Ground ground;
  const std::string fill =
      "grep ' /memory ' /proc/self/mountinfo >> /shared/table; n=0; while touch /memory/$n 2>/dev/null; do n=$((n+1)); "
      "done; echo $n >> /shared/count; exit 1";
  LaunchSpec spec = ground.shell(
      fill, {Tmpfs{"/memory", {.nr_inodes = 20}}, BindMount{ground.directory().make("shared"), "/shared"}});
  spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 1};
  CHECK(Container::launch(std::move(spec)).wait() == ExitStatus::exited(1));
  CHECK(ground.directory().read("shared/count") == "19\n19\n");
  const auto table = parse_mountinfo(ground.directory().read("shared/table"));
  REQUIRE(table.size() == 2);
  CHECK(table[0].super_options.contains("nr_inodes=20"));
  CHECK(table[1].super_options.contains("nr_inodes=20"));
}

TEST_CASE("a tmpfs stays out of swap for root, and is refused to others by name", "[container][mounts][options]") {
  const Ground ground;
  const MountSet mounts{Tmpfs{"/memory", {.no_swap = true}}};
  if (who() == Launcher::Root) {
    const auto seen = parse_mountinfo(output_of(ground.shell(kShowMounts, mounts)));
    CHECK(mount_at(seen, "/memory").super_options.contains("noswap"));
    return;
  }
  CHECK(code_of([&] { (void)Container::launch(ground.program({"true"}, mounts)); }) == errc::not_supported);
  CHECK_THAT(message_of([&] { (void)Container::launch(ground.program({"true"}, mounts)); }),
             Catch::Contains("fsconfig noswap") && Catch::Contains("leave no_swap out"));
}

TEST_CASE("a source that is created gets the mode and the owner it was given", "[container][mounts][options]") {
  const Ground ground;
  const ::mode_t mask = ::umask(077);
  (void)output_of(ground.shell("echo line > /logs/log",
                               {BindMount{ground.path("new/logs"),
                                          "/logs",
                                          {.create_source = true, .create_mode = 02775, .create_uid = ::geteuid()}}}));
  ::umask(mask);
  struct stat status {};
  REQUIRE(::stat(ground.path("new/logs").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777U) == 02775);
  CHECK(status.st_uid == ::geteuid());

  const MountSet foreign{BindMount{ground.path("other"), "/other", {.create_source = true, .create_uid = 4321}}};
  if (who() == Launcher::Root) {
    CHECK(output_of(ground.shell("stat -c %u /other", foreign)) == "4321\n");
  } else {
    CHECK_THAT(message_of([&] { (void)Container::launch(ground.program({"true"}, foreign)); }),
               Catch::Contains("give the source directory its owner") && Catch::Contains("EPERM"));
    CHECK_FALSE(std::filesystem::exists(ground.path("other")));
  }
}

TEST_CASE("an optional mount without its source is left out, and the plan says so", "[container][mounts][options]") {
  const Ground ground;
  ground.directory().write("there/file", "text");
  const MountSet mounts{BindMount{ground.path("missing"), "/missing", {.optional = true}},
                        BindMount{ground.path("there"), "/there", {.optional = true}}, Tmpfs{"/memory"}};
  const MountPlan plan = mounts.resolve();
  CHECK(plan["/missing"].left_out);
  CHECK(says(plan["/missing"], "it is left out"));
  CHECK_FALSE(plan["/there"].left_out);
  CHECK_THAT(plan.explain("/missing").to_string(), Catch::Contains("no mount of this plan covers it"));
  CHECK(output_of(ground.shell("test ! -e /missing && cat /there/file && grep -c ' /memory ' /proc/self/mountinfo",
                               mounts)) == "text1\n");
}

TEST_CASE("a source that has to be a mount point is one, or the mount is refused", "[container][mounts][options]") {
  const Ground ground;
  const auto plain = ground.directory().make("share");
  CHECK_THAT(message_of([&] {
               (void)MountSet{BindMount{plain, "/share", {.require_mountpoint = true}}}.resolve();
             }),
             Catch::Contains("the source is not a mount point") && Catch::Contains("mount it"));
  // a plan that was made while the share was there
  ResolvedMount late = MountSet{BindMount{plain, "/share"}}.resolve()[0];
  late.require_mountpoint = true;
  CHECK_THAT(message_of([&] { (void)MountPlan{{late}}.prepare(); }),
             Catch::Contains("the source is not a mount point"));
  CHECK(output_of(ground.shell("test -d /share/self && echo it is",
                               {BindMount{"/proc", "/share", {.require_mountpoint = true}}})) == "it is\n");
}

TEST_CASE("the plan says what a mount hides of another one", "[container][mounts][options]") {
  const Ground ground;
  ground.directory().write("outer/conf/old", "");
  const MountPlan plan =
      MountSet{Tmpfs{"/data/conf"}, BindMount{ground.path("outer"), "/data"}, Tmpfs{"/data/new"}}.resolve();
  const std::string outer = std::filesystem::canonical(ground.path("outer")).string();
  CHECK(says(plan["/data/conf"], "it hides \"" + outer + "/conf\", which the mount at \"/data\" shows"));
  CHECK(says(plan["/data/new"], "its mount point \"" + outer + "/new\" is missing; the start makes it there"));
  CHECK(output_of([&] {
          LaunchSpec spec = ground.shell("ls /data /data/conf");
          spec.mounts = plan;
          return spec;
        }()) == "/data:\nconf\nnew\n\n/data/conf:\n");
  CHECK(std::filesystem::is_directory(ground.path("outer/new")));
}

TEST_CASE("every propagation is what was asked for", "[container][mounts][options]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  constexpr std::array kAll{Propagation::Private, Propagation::RPrivate, Propagation::Shared,
                            Propagation::RShared, Propagation::Slave,    Propagation::RSlave};
  MountSet mounts;
  for (const Propagation propagation : kAll) {
    mounts.add(BindMount{source, "/" + std::string{to_string(propagation)}, {.propagation = propagation}});
  }
  const auto seen = parse_mountinfo(output_of(ground.shell(kShowMounts, mounts)));
  for (const Propagation propagation : kAll) {
    INFO(to_string(propagation));
    const bool shared = propagation == Propagation::Shared || propagation == Propagation::RShared;
    CHECK(mount_at(seen, "/" + std::string{to_string(propagation)}).propagation.contains("shared") == shared);
  }
}

TEST_CASE("every combination of read-only, suid, dev and exec is what mountinfo shows",
          "[container][mounts][options]") {
  const Ground ground;
  const auto source = ground.directory().make("source");
  MountSet mounts;
  for (unsigned bits = 0; bits < 16; ++bits) {
    const bool read_only = (bits & 1U) != 0;
    const bool suid = (bits & 2U) != 0;
    const bool dev = (bits & 4U) != 0;
    const bool exec = (bits & 8U) != 0;
    const std::string name = std::to_string(bits);
    mounts.add(BindMount{source, "/b" + name, {.read_only = read_only, .suid = suid, .dev = dev, .exec = exec}})
        .add(VolumeMount{"v", "/v" + name, {.read_only = read_only, .suid = suid, .dev = dev, .exec = exec}})
        .add(Tmpfs{"/t" + name, {.read_only = read_only, .suid = suid, .dev = dev, .exec = exec}});
  }
  const MountPlan plan = mounts.resolve({.store = ground.store_path(), .current_directory = {}});
  LaunchSpec spec = ground.shell(kShowMounts);
  spec.mounts = plan;
  const auto seen = parse_mountinfo(output_of(std::move(spec)));
  for (const ResolvedMount& mount : plan) {
    INFO(mount.target);
    CHECK(attributes_of(mount_at(seen, mount.target)) == attributes_of(mount));
  }
}
