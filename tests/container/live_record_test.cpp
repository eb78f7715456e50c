// SPDX-License-Identifier: Apache-2.0
// A handle that changes the mounts of its container keeps what it has read of the record; what others do to the record
// meanwhile counts all the same.

#include "container/support.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr const char* kName = "web";

Container launch(const Ground& ground, MountSet mounts = {}) {
  LaunchSpec spec = ground.program({"sleep", "1000"}, std::move(mounts));
  spec.name = kName;
  return Container::launch(std::move(spec));
}

std::vector<std::string> targets_in(const MountPlan& plan) {
  std::vector<std::string> targets;
  for (const ResolvedMount& mount : plan) targets.push_back(mount.target);
  return targets;
}

std::vector<std::string> recorded(const Ground& ground) {
  return targets_in(ground.containers().inspect(kName).mounts);
}

}  // namespace

TEST_CASE("two handles that change mounts of a container in turns lose nothing of each other's",
          "[container][live][records]") {
  const Ground ground;
  auto one = launch(ground);
  Container other = ground.containers().get(kName);
  (void)one.attach(Tmpfs{"/a"});
  (void)other.attach(Tmpfs{"/b"});
  (void)one.attach(Tmpfs{"/c"});
  CHECK(recorded(ground) == std::vector<std::string>{"/a", "/b", "/c"});
  CHECK(code_of([&] { (void)one.attach(Tmpfs{"/b"}); }) == errc::duplicate_target);
  other.detach("/c");
  (void)one.attach(Tmpfs{"/c"});  // it was its own, and went
  other.detach("/a");
  (void)other.replace("/c", Tmpfs{"/c", {.size = 1U << 20U}});
  CHECK(code_of([&] { (void)one.replace("/a", Tmpfs{"/a"}); }) == std::errc::no_such_file_or_directory);
  (void)one.replace("/b", Tmpfs{"/b"});
  one.detach("/b");
  CHECK(recorded(ground) == std::vector<std::string>{"/c"});
  CHECK(ground.containers().inspect(kName).mounts["/c"].size == 1U << 20U);
  CHECK(one.plan() == ground.containers().inspect(kName).mounts);
}

TEST_CASE("a volume that is renamed between two changes of mounts keeps its new name in the record",
          "[container][live][records]") {
  const Ground ground;
  auto container = launch(ground, {VolumeMount{"launched", "/launched"}});
  (void)container.attach(VolumeMount{"old", "/data"});
  (void)ground.volumes().rename("old", "new");
  (void)container.attach(Tmpfs{"/a"});
  (void)ground.volumes().rename("launched", "renamed");
  container.detach("/a");
  const MountPlan plan = ground.containers().inspect(kName).mounts;
  CHECK(plan["/data"].volume == "new");
  CHECK(plan["/launched"].volume == "renamed");
  CHECK(container.plan() == plan);
  container.detach("/data");
  CHECK(ground.volumes().users("new").empty());
  CHECK(ground.volumes().users("renamed") == std::vector<std::string>{kName});
}

TEST_CASE("a container whose record is removed by hand has its mounts changed, and gets no other record",
          "[container][live][records]") {
  const Ground ground;
  auto container = launch(ground);
  (void)container.attach(Tmpfs{"/a"});
  std::filesystem::rename(ground.store_path() / "containers" / kName, ground.path("aside"));
  (void)container.attach(Tmpfs{"/b"});
  container.detach("/a");
  CHECK(targets_in(container.plan()) == std::vector<std::string>{"/b"});
  CHECK_FALSE(std::filesystem::exists(ground.store_path() / "containers" / kName));
}
