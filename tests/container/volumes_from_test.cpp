// SPDX-License-Identifier: Apache-2.0
// The mounts of one container for another one.

#include "container/support.hpp"

#include <sys/stat.h>

using namespace dunnage;
using namespace dunnage::test;

namespace {

LaunchSpec named(LaunchSpec spec, std::string name) {
  spec.name = std::move(name);
  spec.remove_on_exit = false;
  return spec;
}

LaunchSpec taking(LaunchSpec spec, std::vector<VolumesFrom> from) {
  spec.volumes_from = std::move(from);
  return spec;
}

}  // namespace

TEST_CASE("a container sees the volumes and binds of another one, and not its tmpfs", "[container][volumes-from]") {
  const Ground ground;
  const auto bind = ground.directory().make("bind");
  const MountSet mounts{VolumeMount{"data", "/data"}, BindMount{bind, "/bind", {.read_only = true}},
                        VolumeMount{"", "/anonymous"}, Tmpfs{"/memory"}, VolumeMount{"data", "/other"}};
  CHECK(run(named(ground.shell("echo d > /data/f; echo a > /anonymous/f", mounts), "first")).success());
  // the first has ended and has a record
  CHECK(output_of(
            taking(ground.shell("cat /data/f /anonymous/f; test ! -e /memory; touch /bind/x 2>/dev/null || echo ro; "
                                "ls -A /other; touch /data/new",
                                {Tmpfs{"/other"}}),
                   {{.container = "first"}})) == "d\na\nro\n");
  const Outcome read_only = outcome_of(taking(ground.shell("cat /data/new; touch /data/no; touch /anonymous/no"),
                                              {{.container = "first", .read_only = true}}));
  CHECK(read_only.err.find("'/data/no': Read-only file system") != std::string::npos);
  CHECK(read_only.err.find("'/anonymous/no': Read-only file system") != std::string::npos);
  ground.containers().remove("first");
  CHECK(ground.volumes().list().size() == 1);
}

TEST_CASE("volumes that were taken over are in use by both", "[container][volumes-from]") {
  const Ground ground;
  auto volumes = ground.volumes();
  LaunchSpec first = ground.program({"sleep", "100"}, {VolumeMount{"", "/anonymous"}});
  first.name = "first";
  Container one = Container::launch(std::move(first));
  const std::string volume = one.plan()[0].volume;
  LaunchSpec second = taking(ground.program({"sleep", "100"}), {{.container = one.id().substr(0, 12)}});
  second.name = "second";
  const Container two = Container::launch(std::move(second));
  CHECK(two.plan()["/anonymous"].volume == volume);
  CHECK(volumes.users(volume) == std::vector<std::string>{"first", "second"});
  one.kill();
  (void)one.wait();
  CHECK(eventually([&] { return volumes.users(volume) == std::vector<std::string>{"second"}; }));
  CHECK(volumes.find(volume).has_value());  // its container is gone, and it is used
  two.kill();
  (void)two.wait();
  CHECK(volumes.prune().removed == std::vector<std::string>{volume});
}

TEST_CASE("mounts that were taken over are there after restart() without the other container",
          "[container][volumes-from][restart]") {
  const Ground ground;
  CHECK(run(named(ground.program({"true"}, {VolumeMount{"data", "/data"}}), "first")).success());
  LaunchSpec spec = taking(ground.shell("echo x >> /data/f"), {{.container = "first"}});
  spec.name = "second";
  spec.remove_on_exit = false;
  Container container = Container::launch(std::move(spec));
  (void)container.wait();
  ground.containers().remove("first");
  container.restart();
  CHECK(container.wait().success());
  CHECK(ground.directory().read("store/volumes/data/_data/f") == "x\nx\n");
}

TEST_CASE("taking over from a container that is not there is an error about it", "[container][volumes-from]") {
  const Ground ground;
  CHECK(code_of([&] { (void)Container::launch(taking(ground.program({"true"}), {{.container = "nobody"}})); }) ==
        errc::container_missing);
  (void)ground.volumes();
  CHECK_THAT(message_of([&] { (void)Container::launch(taking(ground.program({"true"}), {{.container = "nobody"}})); }),
             Catch::Contains("\"nobody\""));
}
