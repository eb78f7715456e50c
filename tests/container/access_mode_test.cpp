// SPDX-License-Identifier: Apache-2.0
// Access modes hold for containers: as long as they run, through their restarts, and no longer.

#include "container/support.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace {

LaunchSpec sleeping(const Ground& ground, const std::string& name, VolumeMountOptions options,
                    const std::string& target = "/data") {
  LaunchSpec spec = ground.program({"sleep", "100"}, {VolumeMount{"data", target, std::move(options)}});
  spec.name = name;
  return spec;
}

/// Who is in the way of launching it; nobody: it was launched, and has ended.
std::vector<std::string> who_is_in_the_way(LaunchSpec spec) {
  try {
    Container container = Container::launch(std::move(spec));
    container.kill();
    (void)container.wait();
    return {};
  } catch (const VolumeError& error) {
    CHECK(error.code() == errc::volume_in_use);
    return error.users();
  }
}

}  // namespace

TEST_CASE("a container that mounts a volume exclusively keeps all others off until it ends", "[container][access]") {
  const Ground ground;
  Container db = Container::launch(sleeping(ground, "db", {.access = AccessMode::Exclusive}));
  CHECK(db.plan()[0].access == AccessMode::Exclusive);
  CHECK(who_is_in_the_way(sleeping(ground, "web", {})) == std::vector<std::string>{"db"});
  CHECK(who_is_in_the_way(sleeping(ground, "web", {.read_only = true})) == std::vector<std::string>{"db"});
  CHECK(ground.volumes().users("data") == std::vector<std::string>{"db"});
  db.kill();
  (void)db.wait();
  CHECK(who_is_in_the_way(sleeping(ground, "web", {})).empty());
}

TEST_CASE("a volume with a single writer is read by any number", "[container][access]") {
  const Ground ground;
  ground.volumes().create("data", {.access = AccessMode::SingleWriter});
  Container writer = Container::launch(sleeping(ground, "writer", {}));
  CHECK(writer.plan()[0].access == AccessMode::SingleWriter);
  Container reader = Container::launch(sleeping(ground, "reader", {.read_only = true}));
  CHECK(who_is_in_the_way(sleeping(ground, "other", {})) == std::vector<std::string>{"writer"});
  CHECK(who_is_in_the_way(sleeping(ground, "other", {.read_only = true})).empty());
  CHECK(who_is_in_the_way(sleeping(ground, "other", {.overlay = OverlayOptions{}})).empty());
  CHECK(who_is_in_the_way(sleeping(ground, "other", {.read_only = true, .access = AccessMode::Exclusive})) ==
        std::vector<std::string>{"reader", "writer"});
  writer.kill();
  (void)writer.wait();
  CHECK(who_is_in_the_way(sleeping(ground, "other", {})).empty());
  reader.kill();
  (void)reader.wait();
}

TEST_CASE("one container may mount at several places what it has exclusively", "[container][access]") {
  const Ground ground;
  LaunchSpec spec = ground.shell("echo x > /one/f; cat /two/f");
  spec.mounts = MountSet{VolumeMount{"data", "/one"},
                         VolumeMount{"data", "/two", {.read_only = true, .access = AccessMode::Exclusive}}};
  CHECK(output_of(std::move(spec)) == "x\n");
}

TEST_CASE("an exclusive volume stays with a container that is restarted", "[container][access][restart]") {
  const Ground ground;
  LaunchSpec spec = sleeping(ground, "db", {.access = AccessMode::Exclusive});
  spec.argv = {"sh", "-c", "echo x >> /data/starts; exec sleep 0.05"};
  spec.restart = {.kind = RestartPolicy::Kind::Always};
  Container db = Container::launch(std::move(spec));
  const auto starts = [&] { return lines_of(ground.directory().read("store/volumes/data/_data/starts")).size(); };
  for (int round = 0; starts() < 4; ++round) {
    CHECK(who_is_in_the_way(sleeping(ground, "web", {})) == std::vector<std::string>{"db"});
  }
  (void)db.stop(std::chrono::milliseconds{0});
  CHECK(who_is_in_the_way(sleeping(ground, "web", {})).empty());
}

TEST_CASE("a container waits for an exclusive volume as long as it is told", "[container][access]") {
  const Ground ground;
  LaunchSpec first = sleeping(ground, "first", {.access = AccessMode::Exclusive});
  first.argv = {"sh", "-c", "echo first >> /data/log; exec sleep 0.2"};
  Container running = Container::launch(std::move(first));
  LaunchSpec second = sleeping(ground, "second", {.access = AccessMode::Exclusive, .access_timeout = 20s});
  second.argv = {"sh", "-c", "echo second >> /data/log"};
  CHECK(run(std::move(second)).success());
  CHECK(ground.directory().read("store/volumes/data/_data/log") == "first\nsecond\n");
  (void)running.wait();
}

TEST_CASE("a template holds no volume exclusively, its containers do", "[container][access][template]") {
  const Ground ground;
  const LaunchTemplate made{sleeping(ground, {}, {.access = AccessMode::Exclusive})};
  Container first = made.launch({.name = "first"});
  try {
    (void)made.launch({.name = "second"});
    FAIL("both have it exclusively");
  } catch (const VolumeError& error) {
    CHECK(error.users() == std::vector<std::string>{"first"});
  }
  first.kill();
  (void)first.wait();
  Container second = made.launch({.name = "second"});
  second.kill();
  (void)second.wait();
}

TEST_CASE("the end of a container is the last use of its volume", "[container][usage]") {
  const Ground ground;
  VolumeStore volumes = ground.volumes();
  LaunchSpec spec = sleeping(ground, "web", {});
  Container container = Container::launch(std::move(spec));
  const auto begun = volumes.usage_history("data");
  CHECK(begun.users == std::vector<std::string>{"web"});
  REQUIRE(begun.last_used);
  CHECK(begun.last_user.empty());
  // as if it had run for long
  const auto lock = ground.path("store/volumes/data/lock");
  std::filesystem::last_write_time(lock, std::filesystem::last_write_time(lock) - 1h);
  container.kill();
  (void)container.wait();
  const auto ended = volumes.usage_history("data");
  CHECK(ended.users.empty());
  CHECK(ended.last_user == "web");
  REQUIRE(ended.last_used);
  CHECK(*ended.last_used >= *begun.last_used);
}
