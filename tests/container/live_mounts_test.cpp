// SPDX-License-Identifier: Apache-2.0
// Mounts of a container that runs are attached, detached and replaced, by its own program and by others.

#include "container/records_support.hpp"

#include <poll.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;

fs::path directory_with(const Ground& ground, const std::string& name, const std::string& text) {
  ground.directory().write(name + "/file", text);
  return ground.path(name);
}

bool in_use(const Ground& ground, const std::string& volume) { return !ground.volumes().users(volume).empty(); }

std::vector<MountLine> mounts_of(const Container& container) {
  return parse_mountinfo(shown(container, "cat /proc/self/mountinfo"));
}

long count_from(const char* variable, long usual) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::atol(text) : usual;
}

}  // namespace

TEST_CASE("what is attached to a running container is there with the attributes of its plan, until it is detached",
          "[container][live]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  ground.directory().write("plain", "plain");
  auto container = Container::launch(ground.shell(kSleep));
  const MountPlan before = container.plan();
  const ResolvedMount bind = container.attach(BindMount{one, "/made/here", {.read_only = true}});
  CHECK(bind.source == one);
  (void)container.attach(BindMount{ground.path("plain"), "/a file"});
  (void)container.attach(Tmpfs{"/scratch", {.size = 1U << 20U}});
  CHECK(shown(container, "cat /made/here/file '/a file'; echo x >/made/here/no 2>/dev/null || echo ro") ==
        "1plainro\n");
  const auto lines = mounts_of(container);
  CHECK(attributes_of(mount_at(lines, "/made/here")) == attributes_of(container.plan()["/made/here"]));
  CHECK(mount_at(lines, "/scratch").type == "tmpfs");
  CHECK(container.plan().size() == before.size() + 3);
  container.detach("/made/here");
  container.detach("/a file");
  container.detach("/scratch/");
  CHECK(container.plan() == before);
  CHECK(shown(container, "ls -A /made/here; cat '/a file'; grep -c -e /made -e scratch /proc/self/mountinfo") == "0\n");
}

TEST_CASE("a volume that is attached is in use until it is detached, and an anonymous one goes with its container",
          "[container][live]") {
  const Ground ground;
  {
    auto container = Container::launch(ground.shell(kSleep, {VolumeMount{"first", "/first"}}));
    (void)container.attach(VolumeMount{"second", "/second"});
    const std::string anonymous = container.attach(VolumeMount{"", "/third"}).volume;
    CHECK(ground.volumes().users("second") == ground.volumes().users("first"));
    CHECK(code_of([&] { ground.volumes().remove("second"); }) == errc::volume_in_use);
    container.detach("/second");
    container.detach("/first");  // it was there from the launch on
    CHECK_FALSE(in_use(ground, "first"));
    CHECK_FALSE(in_use(ground, "second"));
    ground.volumes().remove("first");
    ground.volumes().remove("second");
    container.detach("/third");
    CHECK(ground.volumes().find(anonymous));
    (void)container.attach(VolumeMount{"", "/third"});
    (void)container.stop(0ms);
  }
  CHECK(ground.volumes().list().empty());
}

TEST_CASE("what cannot be attached leaves nothing in the container, in its plan or in the store", "[container][live]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  auto container = Container::launch(ground.shell(kSleep, {VolumeMount{"data", "/data/deep"}}));
  const MountPlan plan = container.plan();
  const auto lines = mounts_of(container).size();
  CHECK(shown(container, "ln -s /proc/sys /way; ln -s / /root-link; echo >/file") == "");
  CHECK(code_of([&] { (void)container.attach(VolumeMount{"more", "/data/deep"}); }) == errc::duplicate_target);
  CHECK(code_of([&] { (void)container.attach(VolumeMount{"more", "/data"}); }) == errc::duplicate_target);
  for (const char* target : {"/way/kernel", "/way", "/dev", "/root-link", "/dev/mqueue", "/file"}) {
    CAPTURE(target);
    CHECK(code_of([&] { (void)container.attach(VolumeMount{"more", target}); }) == errc::target_conflict);
  }
  CHECK(code_of([&] { (void)container.attach(BindMount{one / "file", "/data"}); }).value() != 0);
  CHECK(code_of([&] { (void)container.attach(VolumeMount{"", "/way"}); }) == errc::target_conflict);
  CHECK(code_of([&] { (void)container.attach(BindMount{ground.path("none"), "/x"}); }) == errc::source_missing);
  CHECK(code_of([&] { (void)container.replace("/none", Tmpfs{"/none"}); }) == std::errc::no_such_file_or_directory);
  CHECK(code_of([&] {
          (void)container.replace("/data/deep", BindMount{one / "file", "/data/deep"});
        }) == errc::target_conflict);
  CHECK(code_of([&] { container.detach("/data"); }) == std::errc::no_such_file_or_directory);
  const MountSet several{Tmpfs{"/several"}, VolumeMount{"others", "/several/x"}, Tmpfs{"/way"}};
  CHECK(code_of([&] { (void)container.attach(several.resolve({.store = ground.store_path()})); }) ==
        errc::target_conflict);
  CHECK(container.plan() == plan);
  CHECK(mounts_of(container).size() == lines);
  CHECK_FALSE(in_use(ground, "others"));
  for (const auto& volume : ground.volumes().list()) CHECK_FALSE(volume.info().anonymous);
  container.kill();
  (void)container.wait();
  CHECK(code_of([&] { (void)container.attach(Tmpfs{"/late"}); }) == errc::not_running);
}

TEST_CASE("a mount in use is detached lazily only, and who uses it is told", "[container][live]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  auto container = Container::launch(ground.shell(kSleep));
  (void)container.attach(BindMount{one, "/data"});
  CHECK(container.mount_holders("/data").empty());
  Collector out;
  const Process holder = container.exec({.argv = {"sh", "-c", "cd /data; echo there; read x; cat file; exec sleep 100"},
                                         .in = Stdio::pipe(),
                                         .out = out.stdio()});
  REQUIRE(out.wait_for("there"));
  const std::vector<MountHolder> holders = container.mount_holders("/data");
  REQUIRE(holders.size() == 1);
  CHECK(holders.front().program == "sh");
  CHECK(fs::exists("/proc/" + std::to_string(holders.front().pid)));
  const std::string message = message_of([&] { container.detach("/data"); });
  CHECK(message.find("sh (pid " + std::to_string(holders.front().pid) + ")") != std::string::npos);
  CHECK(code_of([&] { container.detach("/data"); }) == std::errc::device_or_resource_busy);
  CHECK(shown(container, "cat /data/file") == "1");
  CHECK(container.plan()["/data"].source == one);
  container.detach("/data", {.lazy = true});
  CHECK(shown(container, "ls -A /data") == "");
  REQUIRE(::write(holder.stdin_fd(), "\n", 1) == 1);
  CHECK(out.wait_for("1"));  // what it has open stays so
}

TEST_CASE("a mount that nobody uses is detached while other containers are launched, which have it open for a moment",
          "[container][live]") {
  constexpr int kThreads = 4;
  constexpr int kTimes = 150;  // without the look at who it is, one in some hundred was in use "by dunnage"
  const Ground ground;
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      Container container = Container::launch(ground.program({"sleep", "1000"}));
      for (int time = 0; time < kTimes && refused == 0; ++time) {
        try {
          (void)container.attach(Tmpfs{"/later"});
          (void)container.exec({.argv = {"true"}}).wait();
          container.detach("/later");
        } catch (const Error& error) {
          std::printf("%s\n", error.what());
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
}

TEST_CASE("a mount below another one keeps that where it is", "[container][live]") {
  const Ground ground;
  auto container = Container::launch(ground.shell(kSleep, {VolumeMount{"data", "/data"}}));
  (void)container.attach(Tmpfs{"/data/cache"});
  CHECK(code_of([&] { container.detach("/data", {.lazy = true}); }) == std::errc::device_or_resource_busy);
  CHECK(code_of([&] { (void)container.replace("/data", Tmpfs{"/data"}); }) == std::errc::device_or_resource_busy);
  container.detach("/data/cache");
  container.detach("/data");
  CHECK(container.plan().size() == 0);
}

TEST_CASE("a path is never missing while what is mounted there is replaced", "[container][live]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  const fs::path two = directory_with(ground, "two", "2");
  Collector out;
  LaunchSpec spec = ground.shell(
      "trap 'echo $missing $n; exit' TERM; missing=0; n=0; echo ready; "
      "while :; do read x </data/file || case $x in [12]) ;; *) missing=$((missing+1)) ;; esac 2>/dev/null; x=; "
      "n=$((n+1)); done 2>/dev/null",
      {BindMount{one, "/data"}});
  spec.out = out.stdio();
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready"));
  const long times = count_from("DUNNAGE_LIVE_REPLACES", 300);  // 10000: the promise
  for (long time = 0; time < times; ++time) {
    (void)container.replace("/data", BindMount{time % 2 == 0 ? two : one, "/data"});
  }
  CHECK(shown(container, "cat /data/file; grep -c ' /data ' /proc/self/mountinfo") ==
        (times % 2 == 0 ? "11\n" : "21\n"));
  container.kill(SIGTERM);
  (void)container.wait();
  REQUIRE(out.wait_for("\n0 "));
  CHECK(std::stol(out.text().substr(out.text().find("\n0 ") + 3)) > times);  // it looked more often than that
}

TEST_CASE("a reader that could miss a mount does miss one that is detached and attached", "[container][live]") {
  const Ground ground;  // the test before this one could fail, then
  const fs::path one = directory_with(ground, "one", "1");
  Collector out;
  LaunchSpec spec = ground.shell(
      "echo ready; while read x </data/file || [ -n \"$x\" ]; do x=; done 2>/dev/null; echo missed; sleep 1000",
      {BindMount{one, "/data"}});
  spec.out = out.stdio();
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready"));
  for (int time = 0; time < 2000 && out.text().find("missed") == std::string::npos; ++time) {
    container.detach("/data", {.lazy = true});
    (void)container.attach(BindMount{one, "/data"});
  }
  CHECK(out.wait_for("missed"));
}

TEST_CASE("another process attaches to a detached container, and all who ask see it", "[container][live][records]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  REQUIRE(in_another_process([&] {
            (void)Container::launch(detached(ground, kSleep, "web", {VolumeMount{"data", "/data"}}));
          }) == 0);
  const Container known = ground.containers().get("web");
  auto events = known.mount_events();
  CHECK_FALSE(events.next());
  CHECK(in_another_process([&] {
          Container container = ContainerStore::open(ground.store_path()).get("web");
          (void)container.attach(BindMount{one, "/one"});
          (void)container.attach(VolumeMount{"more", "/more"});
          (void)container.replace("/one", VolumeMount{"new", "/one"});
          container.detach("/data");
        }) == 0);
  CHECK(known.plan().size() == 2);
  CHECK(known.plan() == ground.containers().inspect("web").mounts);
  CHECK(known.plan()["/one"].volume == "new");
  CHECK(shown(known, "touch /one/a /more/b && ls /one /more") == "/more:\nb\n\n/one:\na\n");
  CHECK(in_use(ground, "more"));
  CHECK(in_use(ground, "new"));
  CHECK_FALSE(in_use(ground, "data"));
  std::vector<std::string> seen;
  CHECK(eventually([&] {
    while (const auto event = events.next()) {
      seen.push_back(std::string{to_string(event->kind)} + " " + event->mount.target + " " + event->mount.volume);
      CHECK(event->missed == 0);
    }
    return seen.size() == 4;
  }));
  CHECK(seen ==
        std::vector<std::string>{"attached /one ", "attached /more more", "replaced /one new", "detached /data data"});
  ground.containers().remove("web", true);
  CHECK(eventually([&] { return !events.next() && events.ended(); }));
  CHECK_FALSE(in_use(ground, "more"));
}

TEST_CASE("what was attached is there again after a restart, and what was detached is not",
          "[container][live][records]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  std::string anonymous;
  {
    LaunchSpec spec = detached(ground, kSleep, "web", {VolumeMount{"data", "/data"}});
    spec.remove_on_exit = false;
    auto container = Container::launch(std::move(spec));
    (void)container.attach(BindMount{one, "/one"});
    anonymous = container.attach(VolumeMount{"", "/own"}).volume;
    CHECK(shown(container, "echo kept >/own/file") == "");
    container.detach("/data");
    container.restart(0ms);
    CHECK(shown(container, "cat /one/file /own/file; ls -d /data/* 2>&1 | grep -c cannot") == "1kept\n1\n");
    container.detach("/own");
    (void)container.stop(0ms);
  }
  auto again = ground.containers().start("web");
  CHECK(shown(again, "cat /one/file; grep -c /own /proc/self/mountinfo") == "10\n");
  CHECK(ground.volumes().find(anonymous));  // the container has it, though it is mounted nowhere
  ground.containers().remove("web", true);
  CHECK_FALSE(ground.volumes().find(anonymous));
}

TEST_CASE("the restart policy starts with what was attached, and without what was detached or replaced",
          "[container][live]") {
  const Ground ground;
  const fs::path one = directory_with(ground, "one", "1");
  const fs::path two = directory_with(ground, "two", "2");
  Collector out;
  LaunchSpec spec = ground.shell(
      "trap 'exit 3' TERM; echo up; cat /first/file /more/file /swap/file; mountpoint -q /scratch && echo scratch; "
      "echo end; " +
          std::string{kSleep},
      {BindMount{one, "/first"}, BindMount{one, "/swap"}});
  spec.out = out.stdio();
  spec.restart = {RestartPolicy::Kind::Always, 0};
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("end\n"));
  (void)container.attach(BindMount{two, "/more"});
  (void)container.attach(Tmpfs{"/scratch"});
  (void)container.attach(VolumeMount{"kept", "/volume"});
  container.detach("/first");
  for (int time = 0; time < 5; ++time) (void)container.replace("/swap", BindMount{time % 2 == 0 ? two : one, "/swap"});
  container.kill(SIGTERM);
  REQUIRE(out.wait_for("up\n22scratch\nend\n"));
  CHECK(in_use(ground, "kept"));
  container.detach("/more");
  container.detach("/volume");
  CHECK_FALSE(in_use(ground, "kept"));
  container.kill(SIGTERM);
  REQUIRE(out.wait_for("up\n2scratch\nend\n"));
}

TEST_CASE("a host that is killed while it attaches leaves it attached and recorded, or neither",
          "[container][live][records]") {
  const Ground ground;
  REQUIRE(in_another_process([&] { (void)Container::launch(detached(ground, kSleep, "web")); }) == 0);
  for (int round = 0; round < 12; ++round) {
    const pid_t host = ::fork();
    REQUIRE(host >= 0);
    if (host == 0) {
      try {
        Container container = ContainerStore::open(ground.store_path()).get("web");
        for (;;) {
          (void)container.attach(VolumeMount{"data", "/data"});
          container.detach("/data");
        }
      } catch (const std::exception&) {
      }
      ::_exit(1);
    }
    ::usleep(static_cast<useconds_t>(20'000 + round * 1'300));  // at no moment in particular
    REQUIRE(::kill(host, SIGKILL) == 0);
    int status = 0;
    REQUIRE(::waitpid(host, &status, 0) == host);
    CHECK(WIFSIGNALED(status));
    Container container = ground.containers().get("web");
    (void)container.attach(Tmpfs{"/after"});  // whatever its launcher had been asked for is done by then
    container.detach("/after");
    const bool mounted = shown(container, "grep -c ' /data ' /proc/self/mountinfo") == "1\n";
    CHECK(container.plan().size() == (mounted ? 1U : 0U));
    CHECK(eventually([&] { return (ground.volumes().find("data") && in_use(ground, "data")) == mounted; }));
    if (mounted) container.detach("/data");
  }
  CHECK(ground.containers().check().findings.empty());
  ground.containers().remove("web", true);
}

TEST_CASE("what was attached to a container whose launcher is killed is free, and mounted when it is started again",
          "[container][live][records]") {
  const Ground ground;
  REQUIRE(in_another_process([&] { (void)Container::launch(detached(ground, kSleep, "web")); }) == 0);
  {
    Container container = ground.containers().get("web");
    (void)container.attach(VolumeMount{"data", "/data"});
    CHECK(shown(container, "echo kept >/data/file") == "");
    std::ifstream status{"/proc/" + std::to_string(container.pid()) + "/status"};
    REQUIRE(::kill(std::stoi(field_of(std::string{std::istreambuf_iterator<char>{status}, {}}, "PPid")), SIGKILL) == 0);
    CHECK(container.wait().launcher_lost());
    CHECK(code_of([&] { container.detach("/data"); }) == errc::not_running);
  }
  CHECK(eventually([&] { return !in_use(ground, "data"); }));
  CHECK(ground.containers().inspect("web").mounts["/data"].volume == "data");
  CHECK(shown(ground.containers().start("web"), "cat /data/file") == "kept\n");
  ground.containers().remove("web", true);
}
