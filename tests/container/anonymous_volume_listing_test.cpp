// SPDX-License-Identifier: Apache-2.0
// The launcher removes the anonymous volumes of a container, and says so where listings look.

#include "container/support.hpp"
#include "volume/listing.hpp"
#include "volume/volume_store_access.hpp"

#include <filesystem>

using namespace dunnage;
using namespace dunnage::test;

namespace {

std::optional<volume::VolumeIndex> index_of(const VolumeStore& store) {
  return volume::VolumeIndex::read(VolumeStoreAccess::layout(store), false);
}

/// What a listing says that leaves an index behind.
std::size_t count_with_index(const VolumeStore& store) {
  return volume::list_volumes(VolumeStoreAccess::layout(store), {}, {.settled = volume::Settled::NotRequired}).size();
}

}  // namespace

TEST_CASE("an anonymous volume that goes with its container is in no later listing", "[container][volume]") {
  const Ground ground;
  VolumeStore volumes = ground.volumes();
  volumes.create("kept");
  const auto shared = ground.directory().make("shared");
  Container container = Container::launch(ground.shell("until [ -e /shared/go ]; do sleep 0.02; done",
                                                       {VolumeMount{"", "/anonymous"}, BindMount{shared, "/shared"}}));
  REQUIRE(count_with_index(volumes) == 2);
  const auto before = index_of(volumes);
  REQUIRE(before);
  CHECK(before->changed().empty());
  const std::string name = volumes.list({.anonymous = true}).at(0).name();
  ground.directory().write("shared/go", "");
  CHECK(container.wait().success());
  const auto after = index_of(volumes);
  REQUIRE(after);  // the same one
  CHECK(after->volumes().size() == 2);
  CHECK(after->changed() == std::vector<std::string>{name});
  const auto listed = volumes.list();
  REQUIRE(listed.size() == 1);
  CHECK(listed.front().name() == "kept");
}

TEST_CASE("an anonymous volume goes with its container although its name cannot be noted", "[container][volume]") {
  const Ground ground;
  VolumeStore volumes = ground.volumes();
  const auto shared = ground.directory().make("shared");
  Container container = Container::launch(ground.shell("until [ -e /shared/go ]; do sleep 0.02; done",
                                                       {VolumeMount{"", "/anonymous"}, BindMount{shared, "/shared"}}));
  REQUIRE(count_with_index(volumes) == 1);
  const auto log = volumes.root() / "volume-index" / "changed";
  std::filesystem::remove(log);
  std::filesystem::create_directory(log);
  ground.directory().write("shared/go", "");
  CHECK(container.wait().success());
  CHECK_FALSE(std::filesystem::exists(log));
  CHECK(volumes.list().empty());
}
