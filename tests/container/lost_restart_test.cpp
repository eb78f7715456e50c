// SPDX-License-Identifier: Apache-2.0
// Restarts, of the policy and by the handle, whose launcher is killed.

#include "container/records_support.hpp"
#include "support/host.hpp"

#include <signal.h>

#include <fstream>
#include <future>
#include <string>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// Each start writes a line into its volume, each SIGTERM another one; it fails when it is told to.
constexpr const char* kProgram =
    "echo start >> /data/starts; trap 'echo stop >> /data/stops' TERM; "
    "until test -e /data/fail; do sleep 0.02; done; exit 1";

LaunchSpec recorded(const Ground& ground, RestartPolicy restart) {
  LaunchSpec spec = ground.shell(kProgram, {VolumeMount{"data", "/data"}});
  spec.name = "box";
  spec.restart = restart;
  spec.remove_on_exit = false;
  spec.out = Stdio::null();
  spec.err = Stdio::null();
  return spec;
}

std::filesystem::path data(const Ground& ground) { return ground.volumes().get("data").mountpoint(); }
std::size_t lines(const Ground& ground, const char* file) { return lines_of(file_text(data(ground) / file)).size(); }

void kill_launcher_of(const Container& container) {
  const int launcher = std::stoi(test::status_of(container.pid(), "PPid"));
  require(launcher > 1 && ::kill(launcher, SIGKILL) == 0, "kill the launcher");
}

}  // namespace

TEST_CASE("a policy ends with its launcher, also between two starts, and the handle restarts what has ended",
          "[container][restart][death]") {
  const Ground ground;
  const int status = in_another_process([&] {
    Container container = Container::launch(recorded(ground, {.kind = RestartPolicy::Kind::Always}));
    require(eventually([&] { return lines(ground, "starts") == 1; }), "it does not start");
    const int launcher = std::stoi(test::status_of(container.pid(), "PPid"));
    std::ofstream{data(ground) / "fail"}.close();
    require(eventually([&] { return container.status() == ContainerStatus::Restarting; }), "it is not restarted");
    require(launcher > 1 && ::kill(launcher, SIGKILL) == 0, "kill the launcher");
    require(container.wait().launcher_lost(), "the end is another one");
    require(eventually([&] { return ground.volumes().users("data").empty(); }), "its volume is in use");
    const std::size_t starts = lines(ground, "starts");
    std::filesystem::remove(data(ground) / "fail");

    container.restart();
    require(container.status() == ContainerStatus::Running, "it does not run");
    require(eventually([&] { return lines(ground, "starts") == starts + 1; }), "it has not been started once");
    require(ground.volumes().users("data").size() == 1, "its volume is not in use");
    container.kill();
    require(container.wait() == ExitStatus::signaled(SIGKILL), "it did not end well");
  });
  CHECK(status == 0);
  CHECK(ground.containers().inspect("box").status == ContainerStatus::Exited);
  CHECK(ground.volumes().users("data").empty());
}

TEST_CASE("a restart whose launcher is killed while it stops the container starts it, or says so, and the next does",
          "[container][restart][death]") {
  const Ground ground;
  const int status = in_another_process([&] {
    Container container = Container::launch(recorded(ground, {}));
    require(eventually([&] { return lines(ground, "starts") == 1; }), "it does not start");
    std::string told;
    auto restart = std::async(std::launch::async, [&] {
      try {
        container.restart(60s);
      } catch (const LaunchError& error) {
        told = error.what();
      }
    });
    require(eventually([&] { return lines(ground, "stops") == 1; }), "it is not stopped");
    kill_launcher_of(container);
    restart.get();
    if (!told.empty()) {
      require(told.starts_with("cannot restart container"), told.c_str());
      require(container.status() != ContainerStatus::Running, "it runs although it could not be restarted");
      container.restart();
    }
    require(container.status() == ContainerStatus::Running, "it does not run");
    require(eventually([&] { return lines(ground, "starts") == 2; }), "it has not been started once");
    require(ground.volumes().users("data").size() == 1, "its volume is not in use once");
    container.kill();
    require(container.wait() == ExitStatus::signaled(SIGKILL), "it did not end well");
  });
  CHECK(status == 0);
  CHECK(ground.volumes().users("data").empty());
}

TEST_CASE("a detached container with a policy whose launcher is killed is dead, and another process restarts it",
          "[container][restart][death][records]") {
  const Ground ground;
  auto store = ground.containers();
  CHECK(in_another_process([&] {
          LaunchSpec spec = recorded(ground, {.kind = RestartPolicy::Kind::Always});
          spec.lifetime = Lifetime::Detached;
          const Container container = Container::launch(std::move(spec));
          require(eventually([&] { return lines(ground, "starts") == 1; }), "it does not start");
          kill_launcher_of(container);
          require(container.wait().launcher_lost(), "the end is another one");
        }) == 0);
  CHECK(eventually([&] { return store.inspect("box").status == ContainerStatus::Dead; }));
  CHECK(eventually([&] { return ground.volumes().users("data").empty(); }));
  CHECK(lines(ground, "starts") == 1);
  {
    const Container container = store.start("box");
    CHECK(eventually([&] { return lines(ground, "starts") == 2; }));
    CHECK(store.inspect("box").status == ContainerStatus::Running);
  }
  store.remove("box", true);
  CHECK(ground.volumes().users("data").empty());
}
