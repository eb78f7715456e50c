// SPDX-License-Identifier: Apache-2.0
// A container that takes the place of another one of the same name.

#include "container/records_support.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

LaunchSpec successor(const Ground& ground, const std::string& script, Replace replace, MountSet mounts) {
  LaunchSpec spec = detached(ground, script, "web", std::move(mounts));
  spec.replace = replace;
  return spec;
}

const MountSet kAnonymous{VolumeMount{"", "/data"}, VolumeMount{"", "/cache"}};

}  // namespace

TEST_CASE("a container takes the place of one that has ended, with its anonymous volumes", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  (void)Container::launch(detached(ground, "echo old > /data/f; echo first", "web", kAnonymous)).wait();
  const std::string before = store.inspect("web").id;
  REQUIRE(ground.volumes().list().size() == 2);
  (void)Container::launch(
      successor(ground, "cat /data/f; echo second", Replace::KeepVolumes, MountSet{VolumeMount{"", "/data"}}))
      .wait();
  CHECK(log_of(store, "web") == "old\nsecond\n");
  CHECK(store.inspect("web").id != before);
  CHECK(store.list().size() == 1);
  CHECK(ground.volumes().list().size() == 2);  // nobody said that the other one may go
  (void)Container::launch(successor(ground, "cat /data/f", Replace::KeepVolumes, MountSet{VolumeMount{"", "/data"}}))
      .wait();
  CHECK(log_of(store, "web") == "old\n");
  store.remove("web");
  CHECK(ground.volumes().list().size() == 1);
}

TEST_CASE("a container takes the place of one that has ended, with fresh anonymous volumes", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  (void)Container::launch(detached(ground, "echo old > /data/f", "web", kAnonymous)).wait();
  (void)Container::launch(successor(ground, "ls /data", Replace::RenewVolumes, MountSet{VolumeMount{"", "/data"}}))
      .wait();
  CHECK(log_of(store, "web").empty());
  CHECK(ground.volumes().list().size() == 1);
  store.remove("web");
}

TEST_CASE("a launch that fails leaves the container it was to replace as it was", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  (void)Container::launch(detached(ground, "echo old > /data/f; echo first", "web", kAnonymous)).wait();
  const std::string before = to_json(store.inspect("web"));
  for (const Replace replace : {Replace::KeepVolumes, Replace::RenewVolumes}) {
    LaunchSpec spec = successor(ground, "", replace, kAnonymous);
    spec.argv = {"/no/such/program"};
    CHECK_THROWS_AS(Container::launch(std::move(spec)), LaunchError);
    CHECK(to_json(store.inspect("web")) == before);
    CHECK(log_of(store, "web") == "first\n");
    CHECK(ground.volumes().list().size() == 2);
  }
  store.remove("web");
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("the place of a container that runs is not taken", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  const Container running = Container::launch(detached(ground, "echo up; exec sleep 60", "web"));
  try {
    (void)Container::launch(successor(ground, "true", Replace::KeepVolumes, {}));
    FAIL("it was launched");
  } catch (const LaunchError& error) {
    CHECK(error.code() == errc::container_exists);
  }
  CHECK(running.status() == ContainerStatus::Running);
  store.remove("web", true);
}

TEST_CASE("who replaces nobody is launched as ever", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  (void)Container::launch(successor(ground, "echo here", Replace::KeepVolumes, {})).wait();
  CHECK(log_of(store, "web") == "here\n");
  store.remove("web");
}
