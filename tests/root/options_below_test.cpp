// SPDX-License-Identifier: Apache-2.0
// Options of a bind mount whose source has mounts below it. Each test works in a process with mounts of its own.

#include "container/support.hpp"
#include "root/own_mounts.hpp"

#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// Runs `work` in a copy of this process, where `below` is a tmpfs. True if it threw nothing.
bool with_memory_at(const fs::path& below, const std::function<void()>& work, unsigned long propagation = MS_PRIVATE) {
  return with_own_mounts(propagation, [&] {
    mount_memory(below);
    work();
  });
}

std::string owner_of(const fs::path& path) {
  struct stat status {};
  require(::lstat(path.c_str(), &status) == 0, "stat " + path.string());
  return std::to_string(status.st_uid);
}

}  // namespace

TEST_CASE("what is excluded is hidden in the mounts below as well", "[root][mounts][exclude]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto below = ground.directory().make("source/below");
  CHECK(with_memory_at(below, [&] {
    ground.directory().write("source/below/deep/.git/config", "text");
    ground.directory().write("source/below/deep/seen", "text");
    const MountSet mounts{BindMount{ground.path("source"), "/b", {.exclude = {"**/.git"}}}};
    expect(output_of(ground.shell("ls -A /b/below/deep /b/below/deep/.git", mounts)),
           "/b/below/deep:\n.git\nseen\n\n/b/below/deep/.git:\n");
    const MountSet whole{BindMount{ground.path("source"), "/b", {.exclude = {"below"}}}};
    expect(output_of(ground.shell("ls -A /b/below; touch /b/below/new 2>&1 | grep -o Read-only", whole)),
           "Read-only\n");
  }));
}

TEST_CASE("chown does not enter the mounts below", "[root][mounts][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto below = ground.directory().make("source/below");
  CHECK(with_memory_at(below, [&] {
    ground.directory().write("source/below/file", "");
    ground.directory().write("source/file", "");
    LaunchSpec spec = ground.program({"true"}, {BindMount{ground.path("source"), "/b", {.chown = true}}});
    spec.user = "1000:1000";
    require(run(std::move(spec)).success(), "run");
    expect(owner_of(ground.path("source")), "1000");
    expect(owner_of(ground.path("source/file")), "1000");
    expect(owner_of(below), "0");
    expect(owner_of(below / "file"), "0");
  }));
  CHECK(owner_of(below) == "0");  // the directory the mount was on
}

TEST_CASE("an owner is matched in the mounts below as well", "[root][mounts][owner]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto below = ground.directory().make("source/below");
  CHECK(with_memory_at(below, [&] {
    require(::chown(ground.path("source").c_str(), 1234, 1234) == 0 && ::chown(below.c_str(), 1234, 1234) == 0,
            "chown");
    LaunchSpec spec = ground.shell("stat -c %u /b /b/below; touch /b/below/new",
                                   {BindMount{ground.path("source"), "/b", {.owner = Ownership::match_user()}}});
    spec.user = "1000:1000";
    expect(output_of(std::move(spec)), "1000\n1000\n");
    expect(owner_of(below / "new"), "1234");
  }));
}

TEST_CASE("a source is a mount point or the mount is refused", "[root][mounts][options]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto share = ground.directory().make("share");
  const MountSet mounts{BindMount{share, "/share", {.require_mountpoint = true}}};
  CHECK(with_memory_at(share, [&] {
    const MountPlan plan = mounts.resolve();
    LaunchSpec spec = ground.program({"test", "-d", "/share"});
    spec.mounts = plan;
    require(run(std::move(spec)).success(), "run");
    require(::umount(share.c_str()) == 0, "umount");
    require(message_of([&] { (void)plan.prepare(); }).find("the source is not a mount point") != std::string::npos,
            "a share that went away after the plan was made");
    require(code_of([&] { (void)mounts.resolve(); }) == errc::source_missing, "resolve");
  }));
}

TEST_CASE("a mount made inside reaches the host by shared propagation and by no other", "[root][mounts][options]") {
  if (!requires_root()) return;
  const Ground ground;
  const auto source = ground.directory().make("source");
  CHECK(with_memory_at(
      source,
      [&] {
        fs::create_directories(source / "below");
        require(::mount("tmpfs", (source / "below").c_str(), "tmpfs", 0, nullptr) == 0, "mount below");
        const auto reaches = [&](Propagation propagation, const std::string& place) {
          LaunchSpec spec = ground.shell("mkdir -p /data/" + place + " && mount -t tmpfs none /data/" + place +
                                             " && touch /data/" + place + "/sign && echo made",
                                         {BindMount{source, "/data", {.propagation = propagation}}});
          spec.add_capabilities = {"SYS_ADMIN"};
          expect(output_of(std::move(spec)), "made\n");
          const bool there = fs::exists(source / place / "sign");
          while (::umount2((source / place).c_str(), MNT_DETACH) == 0) {
          }
          return there;
        };
        for (const Propagation propagation : {Propagation::Shared, Propagation::RShared}) {
          require(reaches(propagation, "new"), "shared reaches the host");
        }
        require(reaches(Propagation::RShared, "below/new"), "rshared reaches the host below");
        for (const Propagation propagation :
             {Propagation::Private, Propagation::RPrivate, Propagation::Slave, Propagation::RSlave}) {
          const std::string name{to_string(propagation)};
          require(!reaches(propagation, "new"), name + " does not reach the host");
          require(!reaches(propagation, "below/new"), name + " does not reach the host below");
        }
      },
      MS_SHARED));
}
