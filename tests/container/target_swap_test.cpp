// SPDX-License-Identifier: Apache-2.0
// P-3 and P-4: the way to where something is mounted lies in a volume, or in a root, that another container has too,
// and that one exchanges a directory on it for links. What is mounted is at its place or at another one in the same
// container, none of which is the kernel's; what is made for it is made there; or the start is refused.

#include "container/rootfs_support.hpp"
#include "container/swap_inside.hpp"
#include "support/rounds.hpp"
#include "support/snapshot.hpp"

#include <optional>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

std::set<std::string> names_in(const fs::path& directory) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator{directory}) names.insert(entry.path().filename().string());
  return names;
}

/// A directory `way` and links that want to be in its place, in a directory two containers have.
class Field {
 public:
  Field(const Canary& canary, fs::path shared) : shared_{std::move(shared)} {
    fs::create_directories(shared_ / "way/fs");
    const std::string links[] = {canary.path(),    canary.climbing(), "/",        "..",   "/proc",   "/proc/self/root",
                                 "/proc/self/cwd", "/proc/self/fd/3", "/oldroot", "/sys", "/dev/pts"};
    for (const std::string& link : links) {
      const std::string name = "link." + std::to_string(links_++);
      fs::create_symlink(link, shared_ / name);
    }
    names_ = names_in(shared_);
  }
  /// What is exchanged for the directory, in a container that has this at `place`.
  [[nodiscard]] std::vector<std::string> links_at(const std::string& place) const {
    std::vector<std::string> all;
    for (int link = 0; link < links_; ++link) all.push_back(place + "/link." + std::to_string(link));
    return all;
  }
  /// The link for who checks a target and looks it up again by its name: everything else about it is in order.
  [[nodiscard]] static std::vector<std::string> worst_at(const std::string& place) {
    return {place + "/link." + std::to_string(kToProc)};
  }
  /// Names that were not there.
  [[nodiscard]] std::set<std::string> new_names() const {
    std::set<std::string> names = names_in(shared_);
    for (const std::string& name : names_) names.erase(name);
    return names;
  }

 private:
  static constexpr int kToProc = 4;
  fs::path shared_;
  int links_ = 0;
  std::set<std::string> names_;
};

/// How the starts ended.
struct Tally {
  int shown = 0;
  int refused = 0;
  [[nodiscard]] bool enough() const { return shown >= 10 && refused >= 10; }
};

/// Starts it, as a container or from a template made for it, and looks where the mount with this root is.
void start(Tally& tally, LaunchSpec spec, bool by_template, const std::string& root,
           const std::set<std::string>& places) {
  Collector out;
  spec.out = out.stdio();
  try {
    const ExitStatus status =
        by_template ? LaunchTemplate{std::move(spec)}.launch({}).wait() : run(std::move(spec));  // CHECK would catch
    CHECK(status.success());
    ++tally.shown;
  } catch (const Error& error) {
    CAPTURE(error.what());
    CHECK_FALSE(error.remedy().empty());
    CHECK(std::string{error.what()}.find("unknown error") == std::string::npos);
    ++tally.refused;
  }
  for (const MountLine& line : parse_mountinfo(out.text())) {
    if (!line.root.ends_with(root)) continue;
    // the attacker moves the directory on, so that the place has another name by now
    const std::size_t link = line.target.find("/link.");
    const std::string place = link == std::string::npos ? line.target
                                                        : line.target.substr(0, link) + "/way" +
                                                              line.target.substr(line.target.find('/', link + 1));
    CAPTURE(line.target);
    CHECK(places.contains(place));
  }
}

}  // namespace

TEST_CASE("P-3: a target in a volume that another container exchanges for links is a place of its container",
          "[container][mounts][attack][race]") {
  const Ground ground;
  const Canary canary;
  const Field field{canary, ground.volumes().create("shared").mountpoint()};
  (void)ground.volumes().create("inner");
  const Snapshot before{canary, ground.store_path()};
  Tally tally;
  std::size_t swaps = 0;
  for (const auto& links : {field.links_at("/s"), Field::worst_at("/s")}) {
    const SwapInside swap{ground, {VolumeMount{"shared", "/s"}}, "/s/way", links};
    for (Rounds rounds{60}; rounds.next(tally.enough() && swaps > 1000);) {
      start(tally,
            ground.program({"cat", "/proc/self/mountinfo"},
                           {VolumeMount{"shared", "/v"}, VolumeMount{"inner", "/v/way/fs"}}),
            rounds.number() % 4 == 0, "inner/_data", {"/v/way/fs", "/fs"});
      swaps = swap.count();
    }
  }
  INFO("shown " << tally.shown << ", refused " << tally.refused << ", swaps " << swaps);
  CHECK(tally.enough());
  CHECK(field.new_names().empty());
  CHECK(fs::is_empty(ground.volumes().get("inner").mountpoint()));
  before.verify();
}

TEST_CASE("P-3: a target in a root that another container exchanges for links is a place of its container",
          "[container][mounts][attack][race]") {
  const Ground ground;
  const Canary canary;
  const DirectoryRoot root{ground};
  const Field field{canary, root.path()};
  const auto shown = ground.directory().make("shown");
  const Snapshot before{canary, ground.store_path()};
  Tally tally;
  for (const auto& links : {field.links_at("/r"), Field::worst_at("/r")}) {
    const SwapInside swap{ground, {BindMount{root.path(), "/r"}}, "/r/way", links};
    for (Rounds rounds{60}; rounds.next(tally.enough());) {
      start(tally, root.program({"cat", "/proc/self/mountinfo"}, {BindMount{shown, "/way/fs"}}),
            rounds.number() % 4 == 0, "/shown", {"/way/fs", "/fs"});
    }
  }
  INFO("shown " << tally.shown << ", refused " << tally.refused);
  CHECK(tally.enough());
  CHECK(fs::is_empty(shown));
  before.verify();
}

TEST_CASE("P-4: what is made for a mount is made in its container, while another one exchanges the way to it",
          "[container][mounts][attack][race]") {
  const Ground ground;
  const Canary canary;
  const Field field{canary, ground.volumes().create("shared").mountpoint()};
  const auto shown = ground.directory().make("shown");
  const auto file = ground.directory().write("shown.file", "");
  const Snapshot before{canary, ground.path("shown")};
  Tally tally;
  {
    const SwapInside swap{ground, {VolumeMount{"shared", "/s"}}, "/s/way", field.links_at("/s")};
    for (Rounds rounds{80}; rounds.next(tally.enough());) {
      const std::string name = "new" + std::to_string(rounds.number());
      const bool directory = rounds.number() % 2 == 0;
      start(tally,
            ground.program({"cat", "/proc/self/mountinfo"},
                           {VolumeMount{"shared", "/v"}, BindMount{directory ? shown : file, "/v/way/" + name}}),
            rounds.number() % 4 == 0, directory ? "/shown" : "/shown.file", {"/v/way/" + name, "/" + name});
    }
  }
  INFO("shown " << tally.shown << ", refused " << tally.refused);
  CHECK(tally.enough());
  CHECK(field.new_names().empty());
  CHECK(fs::is_empty(shown));
  before.verify();
}

TEST_CASE("P-4: neither is it made outside of a root that another container changes",
          "[container][mounts][attack][race]") {
  const Ground ground;
  const Canary canary;
  const DirectoryRoot root{ground};
  const Field field{canary, root.path()};
  const auto shown = ground.directory().make("shown");
  const auto file = ground.directory().write("shown.file", "");
  const Snapshot before{canary, ground.path("shown")};
  Tally tally;
  {
    const SwapInside swap{ground, {BindMount{root.path(), "/r"}}, "/r/way", field.links_at("/r")};
    for (Rounds rounds{80}; rounds.next(tally.enough());) {
      const std::string name = "new" + std::to_string(rounds.number());
      const bool directory = rounds.number() % 2 == 0;
      LaunchSpec spec = root.program({"cat", "/proc/self/mountinfo"},
                                     {BindMount{directory ? shown : file, "/way/" + name + "/deeper"}});
      spec.cwd = "/way/" + name + "/cwd";
      start(tally, std::move(spec), rounds.number() % 4 == 0, directory ? "/shown" : "/shown.file",
            {"/way/" + name + "/deeper", "/" + name + "/deeper"});
    }
  }
  INFO("shown " << tally.shown << ", refused " << tally.refused);
  CHECK(tally.enough());
  CHECK(fs::is_empty(shown));
  before.verify();
}
