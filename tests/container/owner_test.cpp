// SPDX-License-Identifier: Apache-2.0
// Whose files a mount shows, and who owns on disk what is written there.

#include "container/support.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

std::string owner_of(const fs::path& path) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return "nobody's";
  return std::to_string(status.st_uid) + ":" + std::to_string(status.st_gid);
}

void give(const fs::path& path, uid_t uid, gid_t gid) { REQUIRE(::lchown(path.c_str(), uid, gid) == 0); }

bool says(const MountPlan& plan, std::string_view words) { return plan.to_string().find(words) != std::string::npos; }

LaunchSpec as(LaunchSpec spec, std::string user) {
  spec.user = std::move(user);
  return spec;
}

const char* const kUse = "stat -c '%u:%g' /d /d/old; cat /d/old; echo new > /d/new; stat -c '%u:%g' /d/new; ls /d/*";

}  // namespace

TEST_CASE("files of a user outside are those of the container's user inside, and the other way round",
          "[container][mounts][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  auto volumes = ground.volumes();
  const auto bind = ground.directory().make("bind");
  const auto volume = volumes.create("data").mountpoint();
  for (const auto& source : {bind, volume}) {
    std::ofstream{source / "old"} << "old\n";
    std::ofstream{source / "system"} << "";
    give(source / "old", 1234, 2345);
    give(source, 1234, 2345);
  }
  const Ownership owner = Ownership::match_user();
  const MountSet of_bind{BindMount{bind, "/d", {.owner = owner}}};
  const MountSet of_volume{VolumeMount{"data", "/d", {.owner = owner}}};
  for (const auto& [source, mounts] : {std::pair{bind, of_bind}, std::pair{volume, of_volume}}) {
    for (const char* user : {"1000:1001", "0:0"}) {
      INFO(source << " as " << user);
      const std::string seen{user};
      CHECK(output_of(as(ground.shell(kUse, mounts), user)) ==
            seen + "\n" + seen + "\nold\n" + seen + "\n/d/new\n/d/old\n/d/system\n");
      CHECK(owner_of(source / "new") == "1234:2345");
      CHECK(owner_of(source / "old") == "1234:2345");
      CHECK(owner_of(source / "system") == "0:0");
      CHECK(owner_of(source) == "1234:2345");
      fs::remove(source / "new");
    }
  }
  // who is neither of the two is who he was
  CHECK(output_of(as(ground.shell("stat -c %u /d/system", of_bind), "1000:1001")) == "0\n");
}

TEST_CASE("an owner by number and a map of ids", "[container][mounts][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  std::ofstream{bind / "old"} << "old\n";
  give(bind / "old", 1234, 2345);
  give(bind, 1234, 2345);
  CHECK(output_of(ground.shell("stat -c %u:%g /d/old", {BindMount{bind, "/d", {.owner = Ownership::as(7, 8)}}})) ==
        "7:8\n");
  const Ownership map = Ownership::map({{50, 1234, 1}, {60, 5000, 10}}, {{50, 2345, 1}});
  CHECK(output_of(as(ground.shell("stat -c %u:%g /d/old; echo x > /d/made; stat -c %u:%g /d/made",
                                  {BindMount{bind, "/d", {.owner = map}}}),
                     "50:50")) == "50:50\n50:50\n");
  CHECK(owner_of(bind / "made") == "1234:2345");
  const Outcome foreign =
      outcome_of(as(ground.shell("echo x > /d/foreign", {BindMount{bind, "/d", {.owner = map}}}), "0:0"));
  CHECK_FALSE(foreign.status.success());  // an id without one on disk can make nothing
  CHECK_FALSE(fs::exists(bind / "foreign"));
}

TEST_CASE("an id-mapped mount is the same after a restart of the policy", "[container][mounts][owner][restart]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  give(bind, 1234, 2345);
  LaunchSpec spec = as(
      ground.shell("stat -c %u:%g /d >> /d/seen; exit 1", {BindMount{bind, "/d", {.owner = Ownership::match_user()}}}),
      "1000:1001");
  spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
  const Container container = Container::launch(std::move(spec));
  CHECK(says(container.plan(), "an id-mapped mount exchanges 1234:2345 on disk and 1000:1001 in the container"));
  CHECK(container.wait() == ExitStatus::exited(1));
  CHECK(ground.directory().read("bind/seen") == "1000:1001\n1000:1001\n1000:1001\n");
  CHECK(owner_of(bind / "seen") == "1234:2345");
}

TEST_CASE("an ordinary user's own files match the container's user without a map, or are refused",
          "[container][mounts][owner]") {
  if (who() == Launcher::Root) {
    skip("root maps ids");
    return;
  }
  const Ground ground{"1000:1000"};
  const auto bind = ground.directory().make("bind");
  const MountSet mounts{BindMount{bind, "/d", {.owner = Ownership::match_user()}}};
  LaunchSpec spec = ground.shell("stat -c %u:%g /d; echo x > /d/new", mounts);
  spec.out = Stdio::null();
  {
    const Container container = Container::launch(std::move(spec));
    CHECK(says(container.plan(), "in the container as it is, by the map of its user namespace"));
    CHECK(container.wait().success());
  }
  CHECK(owner_of(bind / "new") == owner_of(bind));
  if (who() == Launcher::Single) {  // the one id there is
    CHECK(output_of(as(ground.shell("stat -c %u:%g /d; id -u", mounts), "1000:1000")) == "1000:1000\n1000\n");
    return;
  }
  CHECK(code_of([&] { (void)Container::launch(as(ground.program({"true"}, mounts), "1000:1000")); }) ==
        errc::not_supported);
  CHECK_THAT(message_of([&] { (void)Container::launch(as(ground.program({"true"}, mounts), "1000:1000")); }),
             Catch::Contains("needs an id-mapped mount, which the kernel refuses to an ordinary user") &&
                 Catch::Contains("run the program as the container's user that this is"));
}

TEST_CASE("mounts prepared for one user are not launched for another", "[container][mounts][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  const MountSet mounts{BindMount{ground.directory().make("bind"), "/d", {.owner = Ownership::match_user()}}};
  LaunchSpec spec = as(ground.program({"true"}), "1000:1000");
  spec.mounts = mounts.resolve().prepare({.user = "1001:1000"});
  CHECK_THAT(message_of([&] { (void)Container::launch(std::move(spec)); }),
             Catch::Contains("prepared for another user"));
}

TEST_CASE("chown gives the tree to the container's user and nothing else", "[container][mounts][owner]") {
  if (!requires_many_ids()) return;
  const Ground ground;
  const auto bind = ground.directory().make("bind/deep/deeper").parent_path().parent_path();
  const auto outside = ground.directory().write("outside/file", "");
  std::ofstream{bind / "deep/deeper/file"} << "x";
  fs::create_symlink(outside, bind / "link");
  const std::string before = owner_of(outside);
  const MountSet mounts{BindMount{bind, "/d", {.chown = true}}};
  CHECK(
      output_of(as(
          ground.shell("stat -c %u:%g /d /d/deep /d/deep/deeper /d/deep/deeper/file /d/link; echo y > /d/new", mounts),
          "1000:1001")) == "1000:1001\n1000:1001\n1000:1001\n1000:1001\n1000:1001\n");
  CHECK(owner_of(outside) == before);
  CHECK(owner_of(bind / "new") == owner_of(bind));
  CHECK(owner_of(bind) != before);
  // a volume, and then given back
  const auto data = ground.volumes().create("data").mountpoint();
  (void)output_of(as(ground.shell("echo x > /v/file", {VolumeMount{"data", "/v", {.chown = true}}}), "1000:1001"));
  CHECK(owner_of(data) == owner_of(bind));
  (void)output_of(
      ground.shell("true", {VolumeMount{"data", "/v", {.chown = true}}, BindMount{bind, "/d", {.chown = true}}}));
  CHECK(owner_of(data / "file") == before);
  CHECK(owner_of(bind / "new") == before);
}

TEST_CASE("the machine's own directories are not given away", "[container][mounts][owner]") {
  for (const char* path : {"/", "/usr", "/etc", "/home", "/tmp", "/var/../var/lib", "/proc"}) {
    INFO(path);
    CHECK_THAT(message_of([&] {
                 (void)MountSet{BindMount{path, "/x", {.chown = true}}}.resolve();
               }),
               Catch::Contains("is a directory of the machine itself, whose owner stays"));
  }
}
