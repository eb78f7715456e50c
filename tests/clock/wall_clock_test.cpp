// SPDX-License-Identifier: Apache-2.0
// T-6: volumes, containers and images are as ever, and what waits waits as long as it should, whatever the wall clock
// says.

#include "clock/wall_clock.hpp"
#include "container/image_support.hpp"
#include "container/records_support.hpp"

#include <dunnage/project_plan.hpp>

using namespace dunnage;
using namespace dunnage::test;

namespace {

struct Clock {
  const char* what;
  std::int64_t second;
  std::int64_t back;
};

constexpr Clock kClocks[] = {{"the epoch", 0, 0},
                             {"before the epoch", -5, 0},
                             {"the last second of 31 bits", 0x7fffffff, 0},
                             {"the last second of 32 bits", 0xffffffff, 0},
                             {"a year of five digits", 253'402'300'800, 0},
                             {"backwards by an hour at each look", 0x7fffffff, 3600}};

void use_volumes(const Ground& ground) {
  VolumeStore volumes = ground.volumes();
  const Volume first = volumes.create("first", {.labels = {{"a", "b"}}});
  (void)volumes.create("second");
  for (int round = 0; round < 3; ++round) {  // from the index, too
    CHECK(volumes.list().size() == 2);
    CHECK(volumes.list({.labels = {{"a", "b"}}}).size() == 1);
  }
  CHECK(volumes.get("first").info().created_at == first.info().created_at);
  CHECK(volumes.damaged().empty());
  volumes.remove("second");
  CHECK(volumes.list().size() == 1);
}

void use_containers(const Ground& ground) {
  ContainerStore containers = ground.containers();
  const Container box = Container::launch(detached(
      ground, "trap 'exit 3' TERM; echo said; while :; do sleep 0.01; done", "box", {VolumeMount{"first", "/data"}}));
  CHECK_FALSE(box.wait_for(std::chrono::milliseconds{200}).has_value());
  CHECK(containers.list().size() == 1);
  CHECK(containers.inspect("box").status == ContainerStatus::Running);
  CHECK(eventually([&] { return log_of(containers, "box") == "said\n"; }));
  CHECK(outcome_of(box, {.argv = {"echo", "further"}}).out == "further\n");
  CHECK(ground.volumes().users("first") == std::vector<std::string>{"box"});
  CHECK(box.stop(kPatience) == ExitStatus::exited(3));
  CHECK(containers.inspect("box").exit == ExitStatus::exited(3));
  const Container again_there = containers.start("box");
  CHECK(eventually([&] { return log_of(containers, "box") == "said\nsaid\n"; }));
  CHECK(again_there.stop(kPatience) == ExitStatus::exited(3));
  containers.remove("box");
  CHECK(containers.list().empty());
  LaunchSpec again = ground.shell("exit 1");
  again.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
  CHECK(run(std::move(again)) == ExitStatus::exited(1));
}

void use_images(const Ground& ground) {
  TestImages images{ground};
  const Image image = images.add("app", {base_layer()});
  CHECK(images.store().list().size() == 1);
  CHECK(output_of(images.shell("app", "echo here")) == "here\n");
  CHECK(output_of(images.shell("app", "echo here")) == "here\n");
  images.store().remove("app");
  CHECK(images.store().list().empty());
}

}  // namespace

TEST_CASE("T-6: volumes, containers and images work as ever, whatever the wall clock says", "[clock]") {
  for (const Clock& clock : kClocks) {
    INFO(clock.what);
    const Ground ground;
    set_wall_clock(clock.second, clock.back);
    use_volumes(ground);
    use_containers(ground);
    if (std::filesystem::exists("/bin/busybox")) use_images(ground);
    CHECK(wall_clock_readings() > 0);
  }
}

TEST_CASE("T-6: what was made when the clock was ahead is there when it has been set back", "[clock]") {
  const Ground ground;
  set_wall_clock(0x100000000);
  VolumeStore volumes = ground.volumes();
  (void)volumes.create("later");
  CHECK(volumes.list().size() == 1);
  set_wall_clock(1'000'000'000);
  (void)volumes.create("earlier");
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> names;
    for (const Volume& volume : volumes.list()) names.push_back(volume.name());
    CHECK(names == std::vector<std::string>{"earlier", "later"});
  }
  volumes.remove("later");
  CHECK(ground.volumes().list().size() == 1);
  CHECK(run(ground.program({"true"}, {VolumeMount{"earlier", "/data"}})).success());
}
