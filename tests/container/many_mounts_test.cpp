// SPDX-License-Identifier: Apache-2.0
// Many mounts are made while the container's first process attaches those made before: what fails in the middle.

#include "container/rootfs_support.hpp"

#include <filesystem>
#include <string>
#include <variant>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr int kMany = 600;

MountSet many_mounts(const Ground& ground) {
  MountSet mounts;
  for (int number = 0; number < kMany; ++number) {
    const std::string name = std::to_string(number);
    mounts.add(BindMount{ground.directory().make("sources/" + name), "/many/" + name});
  }
  return mounts;
}

}  // namespace

TEST_CASE("a source that goes away while many mounts are made ends the launch, which has run nothing",
          "[container][mounts][places]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const MountSet mounts = many_mounts(ground);
  CHECK(run(root.program({"true"}, mounts)).success());
  for (const int number : {0, 1, kMany / 2, kMany - 1}) {
    INFO(number);
    LaunchSpec spec = root.shell("touch /ran", mounts);
    spec.mounts = std::get<MountSet>(spec.mounts).resolve();
    const auto source = ground.path("sources/" + std::to_string(number));
    std::filesystem::remove(source);
    const LeakGuard guard;
    CHECK(message_of([&] { (void)Container::launch(std::move(spec)); }).find("\"" + source.string() + "\"") !=
          std::string::npos);
    CHECK_FALSE(std::filesystem::exists(root.path() / "ran"));
    std::filesystem::create_directory(source);
  }
  CHECK(run(root.program({"true"}, mounts)).success());
}

TEST_CASE("a place that is no good for one of many mounts ends the launch, whichever it is",
          "[container][mounts][places]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const MountSet mounts = many_mounts(ground);
  for (const int number : {0, 1, kMany / 2, kMany - 1}) {
    INFO(number);
    const std::string place = "many/" + std::to_string(number);
    ground.directory().write("root/" + place, "");
    const LeakGuard guard;
    CHECK(message_of([&] {
            (void)Container::launch(root.shell("touch /ran", mounts));
          }).find("-> \"/" + place + "\": the mount point is of another kind than the source") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(root.path() / "ran"));
    std::filesystem::remove(root.path() / place);
  }
}

TEST_CASE("each of many mounts shows its own source", "[container][mounts][places]") {
  const Ground ground;
  const DirectoryRoot root{ground};
  const MountSet mounts = many_mounts(ground);
  for (int number = 0; number < kMany; ++number) {
    ground.directory().write("sources/" + std::to_string(number) + "/" + std::to_string(number), "");
  }
  CHECK(output_of(root.shell("cd /many; for n in *; do test -e $n/$n || echo $n; done; ls | wc -l", mounts)) ==
        std::to_string(kMany) + "\n");
}
