// SPDX-License-Identifier: Apache-2.0
// Containers that are started again from their records.

#include "container/records_support.hpp"
#include "support/host.hpp"
#include "support/without_checksum.hpp"

#include <signal.h>

#include <filesystem>
#include <fstream>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("another process restarts a container, which keeps its id, name, log and volumes",
          "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  REQUIRE(in_another_process([&] {
            LaunchSpec spec = detached(ground,
                                       "echo x >> /anonymous/f; wc -l < /anonymous/f; echo $COLOR $PWD $(hostname); "
                                       "touch /root/f 2>&1; trap 'echo bye; exit 0' USR1; echo ready; "
                                       "while :; do sleep 0.02; done",
                                       "web", {VolumeMount{"", "/anonymous"}, Tmpfs{"/work"}});
            spec.env = {{"COLOR", "blue"}};
            spec.cwd = "/work";
            spec.hostname = "box";
            spec.read_only_root = true;
            spec.stop_signal = SIGUSR1;
            spec.drop_capabilities = {"KILL"};
            spec.labels = {{"app", "shop"}};
            (void)Container::launch(std::move(spec));
          }) == 0);
  const auto said = [](int run) {
    return std::to_string(run) + "\nblue /work box\ntouch: cannot touch '/root/f': Read-only file system\nready\n";
  };
  REQUIRE(eventually([&] { return log_of(store, "web") == said(1); }));
  const ContainerInfo before = store.inspect("web");
  REQUIRE(in_another_process([&] { ContainerStore::open(ground.store_path()).get("web").restart(); }) == 0);
  REQUIRE(eventually([&] { return log_of(store, "web") == said(1) + "bye\n" + said(2); }));
  ContainerInfo after = store.inspect("web");
  CHECK(after.status == ContainerStatus::Running);
  CHECK(after.pid != before.pid);
  CHECK(after.started_at > before.started_at);
  // everything else is what it was
  after.pid = before.pid;
  after.started_at = before.started_at;
  CHECK(to_json(after) == to_json(before));
  const Container container = store.get("web");
  CHECK(outcome_of(container, {.argv = {"sh", "-c", "grep CapEff /proc/1/status"}}).out ==
        "CapEff:\t00000000800405db\n");
  (void)container.stop();
  store.remove("web");
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("a container that has ended is started again by another process", "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  ground.directory().write("code", "3");
  REQUIRE(in_another_process([&] {
            const Container container = Container::launch(
                detached(ground, "echo x >> /anonymous/f; wc -l < /anonymous/f; exit $(cat /code)", "job",
                         {VolumeMount{"", "/anonymous"}, BindMount{ground.path("code"), "/code"}}));
            require(container.wait() == ExitStatus::exited(3), "first run");
          }) == 0);
  const std::string id = store.inspect("job").id;
  ground.directory().write("code", "4");
  CHECK(in_another_process([&] {
          Container container = ContainerStore::open(ground.store_path()).start("job");
          require(container.id() == id && container.name() == "job", "identity");
          require(container.wait() == ExitStatus::exited(4), "second run");
          container.restart();  // by a handle whose container has ended
          require(container.wait() == ExitStatus::exited(4), "third run");
        }) == 0);
  CHECK(eventually([&] { return store.inspect("job").status == ContainerStatus::Exited; }));
  CHECK(log_of(store, "job") == "1\n2\n3\n");
  CHECK(store.list().size() == 1);
  CHECK(ground.volumes().list().size() == 1);
  store.remove("job");
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("starting what runs leaves it alone", "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  const Container container = Container::launch(detached(ground, "exec sleep 1000", "web"));
  CHECK(store.start("web").pid() == container.pid());
  CHECK(message_of([&] { (void)store.start("wed"); }) ==
        "cannot start container \"wed\": no such container [ENOENT]; did you mean \"web\"?");
  container.kill();
}

TEST_CASE("a container that lives with its program is restarted by that program only, unless it has ended",
          "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  LaunchSpec spec = ground.shell("echo line; exec sleep 1000");
  spec.name = "tied";
  spec.remove_on_exit = false;
  Container container = Container::launch(std::move(spec));
  const int pid = container.pid();
  CHECK(
      message_of([&] { store.get("tied").restart(); }) ==
      "cannot restart container \"tied\": it lives with the program that launched it, which alone can restart it: not "
      "supported here [EOPNOTSUPP]; stop it first, or have that program detach() or restart() it");
  CHECK(container.pid() == pid);
  SECTION("it has let go of it") {
    container.detach();
    store.get("tied").restart(0ms);
    CHECK(store.inspect("tied").pid != pid);
    CHECK(container.status() == ContainerStatus::Exited);
  }
  SECTION("it has ended") {
    container.kill();
    (void)container.wait();
    (void)store.start("tied");
  }
  CHECK(store.inspect("tied").status == ContainerStatus::Running);
  CHECK(eventually([&] { return log_of(store, "tied") == "line\n"; }));
  store.remove("tied", true);
}

TEST_CASE("a record of an earlier version does not hold what starting again needs", "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  const Container container = Container::launch(detached(ground, "exec sleep 1000", "old"));
  const auto path = store.inspect("old").log.parent_path() / "config.json";
  std::string text = without_checksum(file_text(path));
  const std::size_t begin = text.rfind(",", text.find("\"Relaunch\""));
  text.replace(begin, std::string::npos, "\n}\n");
  std::ofstream{path} << text;
  const std::string why =
      "its record is of an earlier version of the library, which did not write down its network, its capabilities and "
      "whether its root is read-only: not supported here [EOPNOTSUPP]; remove it, and launch it anew";
  CHECK(message_of([&] { store.get("old").restart(); }) == "cannot restart container \"old\": " + why);
  CHECK(container.status() == ContainerStatus::Running);
  container.kill();
  (void)container.wait();
  CHECK(message_of([&] { (void)store.start("old"); }) == "cannot start container \"old\": " + why);
  CHECK(store.inspect("old").status == ContainerStatus::Exited);
}

TEST_CASE("a restart that fails leaves the container stopped, with its record, its log and its volumes",
          "[container][records][restart]") {
  const Ground ground;
  auto store = ground.containers();
  const auto program = ground.directory().write(
      "source/program", "#!/bin/sh\necho kept; echo x >> /anonymous/f; wc -l < /anonymous/f; exec sleep 1000\n");
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  LaunchSpec spec =
      detached(ground, "", "web", {VolumeMount{"", "/anonymous"}, BindMount{program.parent_path(), "/source"}});
  spec.argv = {"/source/program"};
  Container container = Container::launch(std::move(spec));
  REQUIRE(eventually([&] { return log_of(store, "web") == "kept\n1\n"; }));
  std::filesystem::rename(program, ground.path("program"));
  CHECK(code_of([&] { container.restart(0ms); }) == errc::program_missing);
  CHECK(store.inspect("web").status == ContainerStatus::Exited);
  CHECK(log_of(store, "web") == "kept\n1\n");
  CHECK(ground.volumes().list().size() == 1);
  CHECK(code_of([&] { (void)store.start("web"); }) == errc::program_missing);
  std::filesystem::rename(ground.path("program"), program);
  (void)store.start("web");
  CHECK(eventually([&] { return log_of(store, "web") == "kept\n1\nkept\n2\n"; }));
  store.remove("web", true);
  CHECK(ground.volumes().list().empty());
}
