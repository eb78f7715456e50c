// SPDX-License-Identifier: Apache-2.0
// Mounts with a policy for the loss of their sources, for directories and files anybody has. Servers that die are in
// root/lost_server_test.cpp.

#include "container/records_support.hpp"

#include <csignal>
#include <optional>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;
using Kind = MountEvent::Kind;

BindMount mended(const fs::path& source, std::string target, LossPolicy policy = LossPolicy::Repair,
                 BindOptions options = {}) {
  options.on_loss = {.policy = policy, .interval = 100ms, .timeout = 20s};
  return {source, std::move(target), std::move(options)};
}

std::optional<MountEvent> next_of(MountEvents& events) {
  std::optional<MountEvent> event;
  CHECK(eventually([&] { return (event = events.next()).has_value(); }));
  return event;
}

bool becomes(MountEvents& events, Kind kind) {
  const auto event = next_of(events);
  CAPTURE(event ? event->to_string() : "");
  CHECK((event && event->kind == kind));
  return event && event->kind == kind;
}

}  // namespace

TEST_CASE("a source that is removed is lost, and one that has its path again is mounted with the options of the plan",
          "[container][live][loss]") {
  const Ground ground;
  const fs::path data = ground.directory().make("data");
  ground.directory().write("data/file", "1");
  auto container = Container::launch(
      ground.shell(kSleep, {mended(data, "/data", LossPolicy::Repair, {.read_only = true, .exec = false})}));
  auto events = container.mount_events();
  const auto attributes = [&] {
    return attributes_of(mount_at(parse_mountinfo(shown(container, "cat /proc/self/mountinfo")), "/data"));
  };
  const auto before = attributes();
  CHECK(shown(container, "cat /data/file") == "1");
  fs::remove_all(data);
  const auto lost = next_of(events);
  CHECK((lost && lost->kind == Kind::Lost && lost->cause == "it was removed, and nothing has its name"));
  ground.directory().write("data/file", "2");
  CHECK(becomes(events, Kind::Restored));
  CHECK(shown(container, "cat /data/file; echo x 2>/dev/null >/data/file || echo ro") == "2ro\n");
  CHECK(attributes() == before);
  ground.directory().write("next/file", "3");
  fs::rename(data, ground.path("old"));
  fs::rename(ground.path("next"), data);
  CHECK(becomes(events, Kind::Replaced));
  CHECK(shown(container, "cat /data/file") == "3");
  CHECK(shown(container, "grep -c ' /data ' /proc/self/mountinfo") == "1\n");
}

TEST_CASE("P-41: a link that is put at the path of a source is not taken for the source, and the source not for lost",
          "[container][live][loss]") {
  const Ground ground;
  ground.directory().write("shared/data/file", "mine");
  ground.directory().write("secret/file", "secret");
  const fs::path shared = ground.path("shared");
  auto container = Container::launch(
      ground.shell(kSleep, {BindMount{shared, "/shared"}, mended(shared / "data", "/data", LossPolicy::Stop),
                            mended(ground.directory().make("round"), "/round")}));
  auto events = container.mount_events();
  int number = 0;
  const auto look_again = [&] {  // the sources are looked at one after the other: this one is behind the other
    for (int time = 0; time < 2; ++time) {
      const std::string name = "round." + std::to_string(++number);
      fs::rename(ground.path("round"), ground.path(name));
      ground.directory().write("round/number", name);
      const auto event = next_of(events);
      CHECK((event && event->kind == Kind::Replaced && event->mount.target == "/round"));
    }
  };
  for (const std::string planted : {"ln -s ../secret", "ln -s ..", "touch", "mkfifo"}) {
    CAPTURE(planted);
    CHECK(shown(container, "mv /shared/data /shared/aside; " + planted + " /shared/data") == "");
    look_again();
    CHECK(shown(container, "cat /data/file") == "mine");
    CHECK(shown(container, "rm /shared/data; mv /shared/aside /shared/data") == "");
  }
  CHECK(shown(container,
              "mkdir /shared/next; echo its own >/shared/next/file; mv /shared/data /shared/old; "
              "mv /shared/next /shared/data") == "");
  CHECK(becomes(events, Kind::Replaced));
  CHECK(shown(container, "cat /data/file") == "its own\n");
}

TEST_CASE("a container is paused or stopped when a directory it has is removed", "[container][live][loss]") {
  const Ground ground;
  for (const char* name : {"pause", "stop"}) (void)ground.directory().make(name);
  Collector out;
  LaunchSpec spec = ground.shell("trap 'exit 5' TERM; echo up; " + std::string{kSleep},
                                 {mended(ground.path("pause"), "/pause", LossPolicy::Pause),
                                  mended(ground.path("stop"), "/stop", LossPolicy::Stop)});
  spec.out = out.stdio();
  auto container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("up"));
  auto events = container.mount_events();
  fs::remove(ground.path("pause"));
  CHECK(becomes(events, Kind::Lost));
  CHECK(eventually([&] { return container.status() == ContainerStatus::Paused; }));
  (void)ground.directory().make("pause");
  CHECK(becomes(events, Kind::Restored));
  CHECK(eventually([&] { return container.status() == ContainerStatus::Running; }));
  fs::remove(ground.path("stop"));
  const ExitStatus status = container.wait();
  CHECK(status.exit_code() == 5);
  CHECK(status.to_string() == "exited with 5: the mount \"" + ground.path("stop").string() +
                                  "\" -> \"/stop\" lost its source: it was removed, and nothing has its name");
}

TEST_CASE("a container whose host is gone has its sources mended, at its next starts too, and what is attached",
          "[container][live][loss][records]") {
  const Ground ground;
  ground.directory().write("data/file", "1");
  ground.directory().write("more/file", "a");
  const auto exchange = [&](const std::string& name, const std::string& text) {
    fs::rename(ground.path(name), ground.path(name + "." + text));
    ground.directory().write(name + ".new/file", text);
    fs::rename(ground.path(name + ".new"), ground.path(name));
  };
  REQUIRE(in_another_process([&] {
            LaunchSpec spec = detached(ground, "trap 'exit 3' TERM; echo up; " + std::string{kSleep}, "web",
                                       {mended(ground.path("data"), "/data")});
            spec.restart = {RestartPolicy::Kind::Always, 0};
            auto container = Container::launch(std::move(spec));
            (void)container.attach(mended(ground.path("more"), "/more"));
          }) == 0);
  const Container known = ground.containers().get("web");
  REQUIRE(eventually([&] { return log_of(ground.containers(), "web") == "up\n"; }));
  const auto comes = [&](const std::string& text) {
    return eventually([&] {
      try {
        return shown(known, "cat /data/file /more/file") == text;
      } catch (const LaunchError&) {
        return false;  // between two starts
      }
    });
  };
  exchange("data", "2");
  exchange("more", "b");
  CHECK(comes("2b"));
  CHECK(ground.containers().inspect("web").mounts["/more"].on_loss.policy == LossPolicy::Repair);
  known.kill(SIGTERM);
  exchange("data", "3");
  CHECK(comes("3b"));
  ground.containers().remove("web", true);
}

TEST_CASE("each container of a template has its sources mended", "[container][template][loss]") {
  const Ground ground;
  ground.directory().write("data/file", "1");
  const LaunchTemplate shell{ground.shell(kSleep, {mended(ground.path("data"), "/data")})};
  fs::rename(ground.path("data"), ground.path("old"));
  ground.directory().write("data/file", "2");
  const auto container = shell.launch();
  CHECK(eventually([&] { return shown(container, "cat /data/file") == "2"; }));
  fs::rename(ground.path("data"), ground.path("older"));
  ground.directory().write("data/file", "3");
  CHECK(eventually([&] { return shown(container, "cat /data/file") == "3"; }));
}

TEST_CASE("a volume that is a directory of the host is mended, and the owner of what comes is matched",
          "[container][live][loss][owner]") {
  const Ground ground;
  ground.directory().write("data/file", "1");
  const DriverOptions options{{"type", "none"}, {"o", "bind"}, {"device", ground.path("data").string()}};
  VolumeMount mount{"data", "/data", {.driver_options = options}};
  mount.options.on_loss = mended("", "").options.on_loss;
  const bool matches = who() == Launcher::Root;
  mount.options.owner = matches ? Ownership::match_user() : Ownership::as_is();
  LaunchSpec spec = ground.shell(kSleep, {mount});
  spec.user = matches ? "1234" : "";
  auto container = Container::launch(std::move(spec));
  CHECK(shown(container, "cat /data/file") == "1");
  const auto owner = [&] { return shown(container, "stat -c %u /data/file"); };
  const std::string before = owner();
  fs::rename(ground.path("data"), ground.path("old"));
  ground.directory().write("data/file", "2");
  CHECK(eventually([&] { return shown(container, "cat /data/file") == "2"; }));
  CHECK(owner() == before);
  CHECK((!matches || before == "1234\n"));
}

TEST_CASE("what cannot be mended is refused, with cause and remedy", "[container][live][loss]") {
  const Ground ground;
  const fs::path data = ground.directory().make("data");
  const auto refusal = [&](Mount mount) {
    return message_of([&] { (void)MountSet{std::move(mount)}.resolve({.store = ground.store_path()}); });
  };
  const auto with = [&](BindOptions options) {
    return refusal(mended(data, "/d", LossPolicy::Repair, std::move(options)));
  };
  CHECK(with({}).empty());
  CHECK(with({.chown = true}).find("on_loss") != std::string::npos);
  CHECK(with({.overlay = OverlayOptions{}}).find("on_loss") != std::string::npos);
  CHECK(with({.transaction = "t"}).find("on_loss") != std::string::npos);
  CHECK(with({.propagation = Propagation::RShared}).find("on_loss") != std::string::npos);
  BindMount quick = mended(data, "/d");
  quick.options.on_loss.interval = 99ms;
  CHECK(refusal(quick).find("100 ms to 1 hour") != std::string::npos);
  quick.options.on_loss = {.policy = LossPolicy::Repair, .timeout = 11min};
  CHECK(refusal(quick).find("100 ms to 10 minutes") != std::string::npos);
  quick.options.on_loss = {.timeout = 2s};
  CHECK(refusal(quick).find("set the policy") != std::string::npos);
  CHECK(refusal(mended("/", "/d")).find("on_loss") != std::string::npos);
  VolumeMount plain{"data", "/d"};
  plain.options.on_loss.policy = LossPolicy::Repair;
  CHECK(refusal(plain).find("o=bind") != std::string::npos);
  const std::string below = message_of([&] { (void)MountSet{mended(data, "/d"), Tmpfs{"/d/below"}}.resolve(); });
  CHECK(below.find("\"/d/below\"") != std::string::npos);
  auto container = Container::launch(ground.shell(kSleep, {mended(data, "/d")}));
  CHECK(message_of([&] { (void)container.attach(Tmpfs{"/d/below"}); }).find("on_loss") != std::string::npos);
}
