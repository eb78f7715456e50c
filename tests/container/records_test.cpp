// SPDX-License-Identifier: Apache-2.0
// Containers that other processes find.

#include "container/records_support.hpp"

#include <signal.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>
#include <thread>

using namespace dunnage;
using namespace dunnage::test;

TEST_CASE("a detached container survives its host, and another process finds, asks and stops it",
          "[container][records]") {
  const Ground ground;
  const int launched = in_another_process([&] {
    LaunchSpec spec = detached(ground, "trap 'echo bye; exit 5' TERM; echo hello; while :; do sleep 0.02; done", "web",
                               {VolumeMount{"data", "/data"}});
    spec.labels = {{"app", "shop"}};
    spec.env = {{"COLOR", "blue"}};
    (void)Container::launch(std::move(spec));
  });
  REQUIRE(launched == 0);
  auto store = ground.containers();
  const auto list = store.list();
  REQUIRE(list.size() == 1);
  const ContainerInfo info = list.front();
  CHECK(info.name == "web");
  CHECK(info.status == ContainerStatus::Running);
  CHECK(info.pid > 0);
  CHECK(info.labels == Labels{{"app", "shop"}});
  CHECK(info.env.at("COLOR") == "blue");
  CHECK(info.argv.front() == "sh");
  CHECK(info.mounts["/data"].volume == "data");
  CHECK_FALSE(info.exit);
  CHECK(eventually([&] { return log_of(store, "web") == "hello\n"; }));
  CHECK(code_of([&] { ground.volumes().remove("data"); }) == errc::volume_in_use);

  CHECK(in_another_process([&] {
          auto other = ContainerStore::open(ground.store_path());
          const Container container = other.get(info.id.substr(0, 8));
          require(container.id() == info.id, "id");
          require(container.status() == ContainerStatus::Running, "status");
          require(outcome_of(container, {.argv = {"sh", "-c", "echo $COLOR"}}).out == "blue\n", "exec");
          container.pause();
          require(other.inspect("web").status == ContainerStatus::Paused, "paused");
          container.resume();
          require(container.stop() == ExitStatus::exited(5), "stop");
        }) == 0);
  CHECK(eventually([&] { return store.inspect("web").status == ContainerStatus::Exited; }));
  CHECK(store.inspect("web").exit == ExitStatus::exited(5));
  CHECK(log_of(store, "web") == "hello\nbye\n");
  CHECK(code_of([&] { (void)store.get("web"); }) == errc::not_running);
  store.remove("web");
  CHECK(store.list().empty());
  ground.volumes().remove("data");
}

TEST_CASE("a handle can let go of its container, and the container stays", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  {
    LaunchSpec spec = ground.program({"sleep", "1000"});
    spec.name = "kept";
    Container container = Container::launch(std::move(spec));
    container.detach();
  }
  CHECK(store.inspect("kept").status == ContainerStatus::Running);
  store.remove("kept", true);
  CHECK(store.list().empty());
}

TEST_CASE("the record of a container with the host's lifetime goes with it", "[container][records]") {
  const Ground ground;
  const auto store = ground.containers();
  {
    LaunchSpec spec = ground.program({"sleep", "1000"});
    spec.record = true;
    const Container container = Container::launch(std::move(spec));
    CHECK(container.name() == container.id().substr(0, 12));
    REQUIRE(store.list().size() == 1);
    CHECK(store.list().front().id == container.id());
    CHECK(store.list().front().pid == container.pid());
    CHECK(container.stop(0ms).signal() == SIGKILL);
    CHECK(store.list().empty());  // whoever hears of the end finds the name free
  }
  LaunchSpec spec = ground.shell("exit 3");
  spec.name = "stays";
  spec.remove_on_exit = false;
  CHECK(run(std::move(spec)) == ExitStatus::exited(3));
  CHECK(store.inspect("stays").status == ContainerStatus::Exited);
  CHECK(store.inspect("stays").exit == ExitStatus::exited(3));
}

TEST_CASE("one of many launches with the same name wins", "[container][records]") {
  const Ground ground;
  std::atomic<int> taken = 0;
  std::vector<std::optional<Container>> won(8);
  std::vector<std::thread> threads;
  for (auto& place : won) {
    threads.emplace_back([&] {
      try {
        LaunchSpec spec = ground.program({"sleep", "1000"});
        spec.name = "one";
        place = Container::launch(std::move(spec));
      } catch (const LaunchError& error) {
        taken += error.code() == errc::container_exists ? 1 : 0;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(taken == 7);
  CHECK(ground.containers().list().size() == 1);
}

TEST_CASE("a running container is removed only by force", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  (void)Container::launch(detached(ground, "exec sleep 1000", "busy", {VolumeMount{"", "/anonymous"}}));
  CHECK(
      message_of([&] { store.remove("busy"); }) ==
      "cannot remove container \"busy\": it is running: device or resource busy [EBUSY]; stop it first, or use force");
  CHECK(ground.volumes().list().size() == 1);
  store.remove("busy", true);
  CHECK(store.list().empty());
  CHECK(ground.volumes().list().empty());
  CHECK(message_of([&] {
          store.remove("busy");
        }).starts_with("cannot remove container \"busy\": no such container [ENOENT]; "));
}

TEST_CASE("logs keep both streams in order, and can be followed to the end", "[container][records]") {
  const Ground ground;
  const auto store = ground.containers();
  // what comes next is written when the launcher has read what was written before
  const auto shared = ground.directory().make("shared");
  const Container container =
      Container::launch(detached(ground,
                                 "echo one; until [ -e /shared/one ]; do sleep 0.02; done; echo two >&2; "
                                 "until [ -e /shared/two ]; do sleep 0.02; done; seq 3 1000; echo last",
                                 "talker", {BindMount{shared, "/shared"}}));
  std::string followed;
  store.logs("talker",
             [&](const LogEntry& entry) {
               followed += entry.stream == LogEntry::Stream::Err ? "E:" : "";
               followed += entry.data;
               if (followed == "one\n") ground.directory().write("shared/one", "");
               if (followed == "one\nE:two\n") ground.directory().write("shared/two", "");
             },
             {.follow = true});
  CHECK(followed.starts_with("one\nE:two\n3\n"));
  CHECK(followed.ends_with("1000\nlast\n"));
  CHECK(container.wait().success());
  CHECK(log_of(store, "talker") == followed);
  CHECK(log_of(store, "talker", {.tail = 2}) == "1000\nlast\n");
  ground.containers().remove("talker");
}

TEST_CASE("a log that is rotated again and again is followed without a gap and without a repetition",
          "[container][records][one-user]") {
  const Ground ground;
  const auto store = ground.containers();
  const auto shared = ground.directory().make("shared");
  // each part is more than half of a file of the log, and waits until the one before it has been read
  constexpr int kParts = 4;
  constexpr int kLines = 2'500'000;
  const Container container = Container::launch(
      detached(ground,
               "for part in 1 2 3 4; do seq $(((part - 1) * 2500000 + 10000001)) $((part * 2500000 + 10000000)); "
               "until [ -e /shared/$part ]; do sleep 0.02; done; done",
               "talker", {BindMount{shared, "/shared"}}));
  std::string rest;
  int expected = 10'000'001;
  bool whole = true;
  store.logs("talker",
             [&](const LogEntry& entry) {
               rest += entry.data;
               std::size_t begin = 0;
               for (std::size_t end = 0; (end = rest.find('\n', begin)) != std::string::npos; begin = end + 1) {
                 whole = whole && std::string_view{rest}.substr(begin, end - begin) == std::to_string(expected);
                 ++expected;
                 if ((expected - 10'000'001) % kLines == 0) {
                   ground.directory().write("shared/" + std::to_string((expected - 10'000'001) / kLines), "");
                 }
               }
               rest.erase(0, begin);
             },
             {.follow = true});
  CHECK(whole);
  CHECK(rest.empty());
  CHECK(expected == 10'000'001 + kParts * kLines);
  CHECK(container.wait().success());
  CHECK(std::filesystem::exists(store.inspect("talker").log.parent_path() / "log.1"));
  const std::string kept = log_of(store, "talker", {.tail = 1'000'000});
  CHECK(kept.starts_with(std::to_string(expected - 1'000'000) + "\n"));
  CHECK(kept.ends_with(std::to_string(expected - 1) + "\n"));
  ground.containers().remove("talker");
}

TEST_CASE("a volume that a container uses names the container, and what to do", "[container][records]") {
  const Ground ground;
  auto volumes = ground.volumes();
  const MountSet mounts{VolumeMount{"data", "/data"}};
  LaunchSpec spec = ground.program({"sleep", "1000"}, mounts);
  spec.name = "db";
  const Container named = Container::launch(std::move(spec));
  CHECK(message_of([&] { volumes.remove("data"); }) ==
        "cannot remove volume \"data\": used by container \"db\": the volume is in use [EBUSY]; stop it first");
  CHECK(volumes.users("data") == std::vector<std::string>{"db"});
  // one without a name has its id, as every other error shortens it
  const Container nameless = Container::launch(ground.program({"sleep", "1000"}, mounts));
  const std::string id = nameless.id().substr(0, 12);
  std::vector<std::string> users{"db", id};
  std::sort(users.begin(), users.end());
  CHECK(message_of([&] { volumes.remove("data"); }) == "cannot remove volume \"data\": used by containers \"" +
                                                           users[0] + "\" and \"" + users[1] +
                                                           "\": the volume is in use [EBUSY]; stop them first");
  // from another process it is the same
  CHECK(in_another_process([&] {
          auto other = VolumeStore::open(ground.store_path());
          require(message_of([&] { other.remove("data"); }) == message_of([&] { volumes.remove("data"); }), "message");
        }) == 0);
  (void)named.stop(0ms);
  CHECK(message_of([&] { volumes.remove("data"); }) ==
        "cannot remove volume \"data\": used by container \"" + id + "\": the volume is in use [EBUSY]; stop it first");
  (void)nameless.stop(0ms);
  volumes.remove("data");
}

TEST_CASE("a detached container restarts by its policy without its host", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  const int launched = in_another_process([&] {
    LaunchSpec spec = detached(ground, "echo run; exit 1", "again");
    spec.restart = {.kind = RestartPolicy::Kind::OnFailure, .max_retries = 2};
    (void)Container::launch(std::move(spec));
  });
  REQUIRE(launched == 0);
  CHECK(eventually([&] { return store.inspect("again").status == ContainerStatus::Exited; }));
  const ContainerInfo info = store.inspect("again");
  CHECK(info.restart_count == 2);
  CHECK(info.exit == ExitStatus::exited(1));
  CHECK(info.finished_at >= info.started_at);
  CHECK(info.started_at >= info.created_at);
  CHECK(log_of(store, "again") == "run\nrun\nrun\n");
  store.remove("again");
}

TEST_CASE("a container whose launcher was killed is dead in the store and can be removed", "[container][records]") {
  const Ground ground;
  auto store = ground.containers();
  const int launched = in_another_process([&] {
    const Container container = Container::launch(detached(ground, "exec sleep 1000", "lost"));
    std::ifstream status{"/proc/" + std::to_string(container.pid()) + "/status"};
    const int launcher = std::stoi(field_of(std::string{std::istreambuf_iterator<char>{status}, {}}, "PPid"));
    require(launcher > 1 && ::kill(launcher, SIGKILL) == 0, "kill the launcher");
    require(container.wait().launcher_lost(), "lost");
  });
  REQUIRE(launched == 0);
  CHECK(eventually([&] { return store.inspect("lost").status == ContainerStatus::Dead; }));
  CHECK(code_of([&] { (void)store.get("lost"); }) == errc::not_running);
  (void)store.start("lost");
  CHECK(store.inspect("lost").status == ContainerStatus::Running);
  store.remove("lost", true);
  CHECK(store.list().empty());
}
