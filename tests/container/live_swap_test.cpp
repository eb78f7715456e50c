// SPDX-License-Identifier: Apache-2.0
// P-3 and P-28 for a container that runs: the way to where something is attached lies in a volume that another
// container has, too, and that one exchanges a directory on it for links, a file or another directory. What is attached
// is at its place or at another one in the same container, none of which is the kernel's; or attaching is refused, and
// then it is nowhere.

#include "container/rootfs_support.hpp"
#include "container/swap_inside.hpp"
#include "support/canary.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"

#include <algorithm>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kToProc = 3;  ///< which link leads to /proc, where there is a directory "fs"

std::vector<MountLine> mounts_in(const Container& container) {
  return parse_mountinfo(outcome_of(container, {.argv = {"cat", "/proc/self/mountinfo"}}).out);
}

/// Where the mounts of a volume are, in a container in which some directory is `way` or one of its links by now.
std::vector<std::string> places_of(const Container& container, const std::string& root) {
  std::vector<std::string> places;
  for (const MountLine& line : mounts_in(container)) {
    if (line.root.ends_with(root)) places.push_back(line.target);
  }
  return places;
}

bool is_own_place(const std::string& target) {
  for (const std::string place : {"/proc", "/sys", "/dev"}) {
    if (target == place || target.starts_with(place + "/")) return true;
  }
  return target == "/";
}

struct Tally {
  int attached = 0;
  int refused = 0;
  [[nodiscard]] bool enough() const { return attached >= 10 && refused >= 10; }
};

/// Attaches, looks where it is, and detaches; nothing is left.
void attach_once(Tally& tally, Container& container, const Mount& mount, bool lazily) {
  try {
    (void)container.attach(mount);
    ++tally.attached;
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK_FALSE(error.remedy().empty());
    CHECK(std::string{error.what()}.find("unknown") == std::string::npos);
    ++tally.refused;
    CHECK(places_of(container, "inner/_data").empty());
    return;
  }
  const auto places = places_of(container, "inner/_data");
  CHECK(places.size() == 1);
  for (const std::string& place : places) {
    CAPTURE(place);
    CHECK_FALSE(is_own_place(place));
  }
  container.detach(target_of(mount), {.lazy = lazily});  // wherever the directory is by now
  CHECK(places_of(container, "inner/_data").empty());
}

}  // namespace

TEST_CASE(
    "P-3: what is attached while another container exchanges the way to its target is in its container, or nowhere",
    "[container][live][attack][race]") {
  const Ground ground;
  const Canary canary;
  const fs::path shared = ground.volumes().create("shared").mountpoint();
  (void)ground.volumes().create("inner");
  fs::create_directories(shared / "way/fs");
  std::vector<std::string> others;
  for (const std::string& link :
       {canary.path().string(), canary.climbing().string(), std::string{"/"}, std::string{"/proc"},
        std::string{"/proc/self/root"}, std::string{"/sys"}, std::string{"/dev/pts"}, std::string{"/proc/1/cwd"}}) {
    others.push_back("/s/link." + std::to_string(others.size()));
    fs::create_symlink(link, shared / others.back().substr(3));
  }
  ground.directory().write("store/volumes/shared/_data/plain", "a file");
  others.push_back("/s/plain");
  auto container = Container::launch(ground.shell(kSleep, {VolumeMount{"shared", "/v"}}));
  const Snapshot before{canary, ground.store_path()};
  Tally tally;
  // the second time with the one link for who checks a target and looks it up again by its name
  for (const auto& links : {others, std::vector<std::string>{others.at(kToProc)}}) {
    const SwapInside swap{ground, {VolumeMount{"shared", "/s"}}, "/s/way", links};
    for (Rounds rounds{60}; rounds.next(tally.enough());) {
      attach_once(tally, container, VolumeMount{"inner", "/v/way/fs"}, rounds.number() % 2 == 0);
    }
  }
  INFO("attached " << tally.attached << ", refused " << tally.refused);
  CHECK(tally.enough());
  CHECK(fs::is_empty(ground.volumes().get("inner").mountpoint()));
  before.verify();
}

TEST_CASE(
    "P-28: a path in a volume that another container exchanges for links is attached from inside of it, or refused",
    "[container][live][attack][race]") {
  const Ground ground;
  const Canary canary;
  const fs::path shared = ground.volumes().create("shared").mountpoint();
  ground.directory().write("store/volumes/shared/_data/way/file", "mine");
  std::vector<std::string> links;
  for (const fs::path& link : {canary.path(), canary.climbing(), fs::path{"/"}, fs::path{"/proc/self/root"}}) {
    links.push_back("/s/link." + std::to_string(links.size()));
    fs::create_symlink(link, shared / links.back().substr(3));
  }
  auto container = Container::launch(ground.shell(kSleep));
  const Snapshot before{canary, ground.path("nothing")};
  Tally tally;
  {
    const SwapInside swap{ground, {VolumeMount{"shared", "/s"}}, "/s/way", links};
    for (Rounds rounds{60}; rounds.next(tally.enough());) {
      try {
        (void)container.attach(VolumeMount{"shared", "/t", {.subpath = "way"}});
        ++tally.attached;
      } catch (const Error&) {
        ++tally.refused;
        continue;
      }
      const std::string seen = outcome_of(container, {.argv = {"sh", "-c", "ls -A /t; cat /t/*"}}).out;
      CHECK_FALSE(canary.is_in(seen));
      CHECK(seen == "file\nmine");
      container.detach("/t");
    }
  }
  INFO("attached " << tally.attached << ", refused " << tally.refused);
  CHECK(tally.enough());
  before.verify();
}

TEST_CASE("a container that mounts over what was attached, takes it off or ends hurts none but itself",
          "[container][live][attack]") {
  const Ground ground;
  ground.directory().write("one/file", "1");
  LaunchSpec spec =
      ground.shell("while :; do mount -t tmpfs none /data; umount /data; umount -l /data; done 2>/dev/null");
  spec.add_capabilities = {"SYS_ADMIN"};
  spec.seccomp = Seccomp::unconfined();
  auto container = Container::launch(std::move(spec));
  int done = 0;
  for (int round = 0; round < 40; ++round) {
    try {
      (void)container.attach(VolumeMount{"data", "/data"});
      if (round % 2 == 0) (void)container.replace("/data", VolumeMount{"other", "/data"});
      container.detach("/data", {.lazy = round % 3 == 0});
      ++done;
    } catch (const Error& error) {
      CAPTURE(error.what());
      CHECK_FALSE(error.remedy().empty());
      for (const ResolvedMount& mount : container.plan()) {
        (void)message_of([&] { container.detach(mount.target, {.lazy = true}); });
      }
    }
  }
  INFO(done);
  container.kill();
  (void)container.wait();
  for (const char* name : {"data", "other"}) {
    if (ground.volumes().find(name)) CHECK(ground.volumes().users(name).empty());
  }
}
