// SPDX-License-Identifier: Apache-2.0
#include "container/support.hpp"

#include <signal.h>

#include <atomic>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

namespace {

/// The times the program has been started, as it tells in a bind mount.
std::size_t starts_of(const Ground& ground) { return lines_of(ground.directory().read("shared/starts")).size(); }

LaunchSpec counting(const Ground& ground, const std::string& script, RestartPolicy restart, MountSet mounts = {}) {
  mounts.add(BindMount{ground.directory().make("shared"), "/shared"});
  LaunchSpec spec = ground.shell("echo start >> /shared/starts; " + script, std::move(mounts));
  spec.restart = restart;
  return spec;
}

}  // namespace

TEST_CASE("on-failure starts a program that fails as often as it may, and tells the last end", "[container][restart]") {
  const Ground ground;
  const Container container =
      Container::launch(counting(ground, "exit 7", {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2}));
  CHECK(container.wait() == ExitStatus::exited(7));
  CHECK(starts_of(ground) == 3);
}

TEST_CASE("on-failure lets a program be that ends well", "[container][restart]") {
  const Ground ground;
  const MountSet mounts{VolumeMount{"state", "/state"}};
  const Container container =
      Container::launch(counting(ground, "test -e /state/second || { touch /state/second; kill -KILL -1; exit 1; }",
                                 {.kind = RestartPolicy::Kind::OnFailure}, mounts));
  CHECK(container.wait() == ExitStatus::exited(0));
  CHECK(starts_of(ground) == 2);
}

TEST_CASE("always means always, until it is stopped", "[container][restart]") {
  const Ground ground;
  const Container container = Container::launch(counting(ground, "exit 0", {.kind = RestartPolicy::Kind::Always}));
  CHECK(eventually([&] { return starts_of(ground) >= 3; }));
  CHECK(container.wait_for(0ms) == std::nullopt);
  (void)container.stop(0ms);
  const std::size_t starts = starts_of(ground);
  std::this_thread::sleep_for(600ms);
  CHECK(starts_of(ground) == starts);
  CHECK(container.status() == ContainerStatus::Exited);
}

TEST_CASE("each restart has a fresh tmpfs and the same volumes", "[container][restart]") {
  const Ground ground;
  const MountSet mounts{Tmpfs{"/memory"}, VolumeMount{"named", "/named"}, VolumeMount{"", "/anonymous"}};
  const Container container = Container::launch(
      counting(ground, "for d in memory named anonymous; do echo x >> /$d/f; wc -l < /$d/f >> /shared/$d; done; exit 1",
               {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2}, mounts));
  CHECK(container.wait() == ExitStatus::exited(1));
  CHECK(ground.directory().read("shared/memory") == "1\n1\n1\n");
  CHECK(ground.directory().read("shared/named") == "1\n2\n3\n");
  CHECK(ground.directory().read("shared/anonymous") == "1\n2\n3\n");
  CHECK(ground.volumes().list().size() == 1);
}

TEST_CASE("a volume stays in use between two starts", "[container][restart]") {
  const Ground ground;
  const Container container = Container::launch(
      counting(ground, "exit 1", {.kind = RestartPolicy::Kind::OnFailure}, {VolumeMount{"data", "/data"}}));
  REQUIRE(eventually([&] { return container.status() == ContainerStatus::Restarting; }));
  auto volumes = ground.volumes();
  CHECK(code_of([&] { volumes.remove("data"); }) == errc::volume_in_use);
  container.kill();
  (void)container.wait();
  volumes.remove("data");
}

TEST_CASE("a kill by the handle ends a restart policy, a kill from inside does not", "[container][restart]") {
  const Ground ground;
  const Container container =
      Container::launch(counting(ground, "test $(wc -l < /shared/starts) -gt 1 && exec sleep 1000; exit 9",
                                 {.kind = RestartPolicy::Kind::Always}));
  REQUIRE(eventually([&] { return starts_of(ground) == 2 && container.status() == ContainerStatus::Running; }));
  container.kill();
  CHECK(container.wait() == ExitStatus::signaled(SIGKILL));
  CHECK(starts_of(ground) == 2);
}

TEST_CASE("output goes on over a restart of the policy", "[container][restart]") {
  const Ground ground;
  const Outcome outcome = outcome_of(counting(ground, "echo line; echo error >&2; exit 1",
                                              {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 1}));
  CHECK(outcome.out == "line\nline\n");
  CHECK(outcome.err == "error\nerror\n");
}

TEST_CASE("a container that was let go of is not tied again by a restart", "[container][restart]") {
  const Ground ground;
  auto store = ground.containers();
  {
    LaunchSpec spec = ground.program({"sleep", "1000"});
    spec.name = "free";
    Container container = Container::launch(std::move(spec));
    container.detach();
    container.restart(0ms);
  }
  CHECK(store.inspect("free").status == ContainerStatus::Running);
  store.get("free").restart(0ms);
  CHECK(store.inspect("free").status == ContainerStatus::Running);
  store.remove("free", true);
}

TEST_CASE("the plan can be read while a restart makes another", "[container][restart]") {
  const Ground ground;
  Container container =
      Container::launch(ground.program({"sleep", "1000"}, {VolumeMount{"", "/anonymous"}, Tmpfs{"/work"}}));
  std::atomic<bool> done = false;
  std::atomic<bool> whole = true;
  std::thread reader{[&] {
    while (!done) {
      const MountPlan plan = container.plan();
      whole = whole && plan.size() == 2 && plan["/anonymous"].volume.size() == 64;
    }
  }};
  for (int round = 0; round < 20; ++round) {
    (void)container.stop(0ms);  // its anonymous volume goes with it, and another is made
    container.restart(0ms);
  }
  done = true;
  reader.join();
  CHECK(whole);
}

TEST_CASE("restart() starts the same container anew, with what the host has now", "[container][restart]") {
  const Ground ground;
  ground.directory().write("source/file", "old");
  Collector out;
  LaunchSpec spec = ground.shell(
      "cat /source/file; echo x >> /anonymous/f; wc -l < /anonymous/f; "
      "trap 'exit 0' TERM; echo ready; while :; do sleep 0.02; done",
      {BindMount{ground.path("source"), "/source"}, VolumeMount{"", "/anonymous"}});
  spec.name = "web";
  spec.out = out.stdio();
  Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  const std::string id = container.id();
  const int pid = container.pid();
  std::filesystem::rename(ground.path("source"), ground.path("older"));
  ground.directory().write("source/file", "new");
  container.restart();
  CHECK(container.id() == id);
  CHECK(container.name() == "web");
  CHECK(container.pid() != pid);
  CHECK(container.status() == ContainerStatus::Running);
  REQUIRE(out.wait_for("new2\nready\n"));
  CHECK(out.text() == "old1\nready\nnew2\nready\n");
  CHECK(ground.containers().get("web").id() == id);
  CHECK(container.stop() == ExitStatus::exited(0));
  CHECK(ground.volumes().list().empty());
  container.restart();  // one that has ended, too; what went with its end is made anew
  CHECK(container.id() == id);
  REQUIRE(out.wait_for("new1\nready\n"));
  CHECK(container.plan()["/anonymous"].volume == ground.volumes().list().at(0).name());
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(container.stop() == ExitStatus::exited(0));
  CHECK(ground.volumes().list().empty());
}
