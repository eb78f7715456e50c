// SPDX-License-Identifier: Apache-2.0
// P-28 and P-31: containers start with a path in a volume, two at a time, while a container that has the volume
// exchanges the path for links. They see what the volume has there, or do not start.

#include "container/swap_inside.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"

#include <atomic>
#include <fstream>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

/// What happened in both threads. Catch2 is asked by one of them only.
struct Seen {
  std::atomic<unsigned> good{0};
  std::atomic<unsigned> refused{0};
  std::atomic<unsigned> canary{0};
  std::atomic<unsigned> other{0};
  [[nodiscard]] bool enough() const { return good >= 10 && refused >= 10; }
};

/// Looked up when the plan is made, or put into one that was made before: nobody looks before the launch then.
MountPlan plan_of(const Ground& ground, const std::string& subpath, bool looked_up) {
  const ResolveOptions options{.store = ground.store_path(), .current_directory = {}};
  if (looked_up) return MountSet{VolumeMount{"shared", "/x", {.subpath = subpath}}}.resolve(options);
  ResolvedMount mount = MountSet{VolumeMount{"shared", "/x"}}.resolve(options)[0];
  mount.subpath = subpath;
  return MountPlan{{std::move(mount)}};
}

void start(Seen& seen, const Ground& ground, const Canary& canary, unsigned number) {
  try {
    const bool inner = number % 3 == 0;
    LaunchSpec spec =
        ground.shell("ls -A /x; cat /x/token 2>/dev/null; cat /x/file /x/secret /x/data/file 2>/dev/null");
    spec.mounts = plan_of(ground, inner ? "way/new" : "way", number % 2 == 0);
    const std::string text = outcome_of(std::move(spec)).out;
    if (canary.is_in(text)) ++seen.canary;
    ++(text == (inner ? "" : "new\ntoken\nmine") ? seen.good : seen.other);
  } catch (const Error& error) {
    ++(error.remedy().empty() ? seen.other : seen.refused);
  }
}

}  // namespace

TEST_CASE("P-31: two at a time start with a path of a volume that a container exchanges for links",
          "[container][mounts][subpath][attack][race]") {
  const Ground ground;
  const Canary canary;
  const fs::path data = ground.volumes().create("shared").mountpoint();
  fs::create_directories(data / "way/new");
  std::ofstream{data / "way/token"} << "mine";
  std::vector<std::string> links;
  for (const fs::path& to : {canary.path(), canary.climbing(), fs::path{"/"}, fs::path{"../../../../canary"},
                             fs::path{"/proc/self/root"}, fs::path{"/proc/self/cwd"}, fs::path{".."}}) {
    links.push_back("link." + std::to_string(links.size()));
    fs::create_symlink(to, data / links.back());
    links.back().insert(0, "/s/");
  }
  (void)run(ground.program({"true"}));  // both threads share its launcher
  const Snapshot before{canary, ground.path("nothing")};
  Seen seen;
  std::size_t swaps = 0;
  {
    const SwapInside swap{ground, {VolumeMount{"shared", "/s"}}, "/s/way", links};
    for (Rounds rounds{40}; rounds.next(seen.enough());) {
      std::thread other{[&] { start(seen, ground, canary, 2 * rounds.number()); }};
      start(seen, ground, canary, 2 * rounds.number() + 1);
      other.join();
    }
    swaps = swap.count();
  }
  CAPTURE(seen.good, seen.refused, swaps);
  CHECK(seen.canary == 0);
  CHECK(seen.other == 0);
  CHECK(seen.enough());
  before.verify();
}
