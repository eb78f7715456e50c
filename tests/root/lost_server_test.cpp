// SPDX-License-Identifier: Apache-2.0
// Mounts whose source is a file system of FUSE that dies, hangs, lies or comes back while the container runs. Each test
// works in a process with mounts of its own.

#include "container/records_support.hpp"
#include "root/own_mounts.hpp"
#include "support/fuse_server.hpp"

#include <sys/mount.h>

#include <csignal>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

using namespace dunnage;
using namespace dunnage::test;

namespace {

namespace fs = std::filesystem;
using Kind = MountEvent::Kind;

constexpr SourceLoss often(LossPolicy policy, std::chrono::milliseconds timeout = 20s) {
  return {.policy = policy, .interval = 100ms, .timeout = timeout};
}

/// A place with a file system on it, below which lies what must never be seen.
struct Served {
  explicit Served(const Ground& ground, const std::string& text = "first")
      : place{ground.directory().make("served")}, server{nullptr} {
    std::ofstream{place / "file"} << "underneath";
    serve(text);
  }
  void serve(const std::string& text) { server = std::make_unique<FuseServer>(place, text); }
  [[nodiscard]] BindMount mount(SourceLoss loss) const { return {place, "/data", {.on_loss = loss}}; }

  fs::path place;
  std::unique_ptr<FuseServer> server;
};

std::string read_data(const Container& container) { return shown(container, "cat /data/file 2>&1 || echo failed"); }

MountEvent next_event(MountEvents& events, Kind kind) {
  std::optional<MountEvent> event;
  require(eventually([&] { return (event = events.next()).has_value(); }), "no event came");
  require(event->kind == kind, "another event: " + event->to_string());
  return std::move(*event);
}

/// Comes back when all sources of the container have been looked at since: a directory that is looked at behind them is
/// replaced twice, and what has taken its place has come.
class Round {
 public:
  explicit Round(const Ground& ground) : place_{ground.directory().make("round")} {}
  [[nodiscard]] BindMount mount() const { return {place_, "/round", {.on_loss = often(LossPolicy::Repair)}}; }
  void wait_for(const Container& container) {
    for (int time = 0; time < 2; ++time) {
      const fs::path beside = place_.string() + ".next";
      fs::create_directory(beside);
      std::ofstream{beside / "number"} << ++number_;
      fs::rename(place_, place_.string() + "." + std::to_string(number_));
      fs::rename(beside, place_);
      require(eventually([&] { return shown(container, "cat /round/number") == std::to_string(number_); }),
              "nobody looks any more");
    }
  }

 private:
  fs::path place_;
  int number_ = 0;
};

bool is(const Container& container, ContainerStatus status) {
  return eventually([&] { return container.status() == status; });
}

/// Where what is mounted is nobody else's to see.
void with_servers(const std::function<void(const Ground&)>& test) {
  if (!requires_root()) return;
  if (!has_fuse()) return skip("there is no /dev/fuse");
  const Ground ground;
  CHECK(with_own_mounts(MS_PRIVATE, [&] { test(ground); }));
}

}  // namespace

TEST_CASE("T-8: a mount whose server was killed waits for the next one, and what lies underneath is not shown",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    Round round{ground};
    auto container = Container::launch(ground.shell(
        kSleep, {served.mount(often(LossPolicy::Repair)), round.mount(), BindMount{served.place, "/keeps"}}));
    auto events = container.mount_events();
    expect(read_data(container), "first");
    served.server->kill();
    const MountEvent lost = next_event(events, Kind::Lost);
    require(lost.mount.target == "/data" && lost.cause.find("server of its file system is gone") != std::string::npos,
            lost.to_string());
    require(read_data(container).find("not connected") != std::string::npos, "it is dead");
    served.server.reset();
    round.wait_for(container);
    require(read_data(container).find("not connected") != std::string::npos, "it shows " + read_data(container));
    served.serve("second");
    for (std::optional<MountEvent> event; !event || event->kind != Kind::Restored;) {
      require(eventually([&] { return (event = events.next()).has_value(); }), "no event came");
    }
    expect(read_data(container), "second");
    require(shown(container, "cat /keeps/file 2>&1").find("not connected") != std::string::npos, "nobody asked for it");
    require(container.plan()["/data"].on_loss.policy == LossPolicy::Repair, "the plan says so");
  });
}

TEST_CASE("a server that is exchanged for another is so at no instant in which the path is missing",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    Collector out;
    LaunchSpec spec = ground.shell(
        "missing=0; echo ready; while [ ! -e /end/now ]; do x=; read x </data/file; "
        "case $x in first|second*) ;; *) missing=$((missing+1)) ;; esac; done 2>/dev/null; echo missing $missing",
        {served.mount(often(LossPolicy::Repair)), BindMount{ground.directory().make("end"), "/end"}});
    spec.out = out.stdio();
    auto container = Container::launch(std::move(spec));
    auto events = container.mount_events();
    require(out.wait_for("ready"), "it runs");
    std::vector<std::unique_ptr<FuseServer>> before;
    for (int time = 0; time < 5; ++time) {
      before.push_back(std::move(served.server));
      before.back()->unmount();  // and is served on, to whoever has it still
      served.serve("second" + std::to_string(time));
      (void)next_event(events, Kind::Replaced);
      expect(read_data(container), "second" + std::to_string(time));
    }
    ground.directory().write("end/now", "");  // a signal would interrupt what it asks of the server
    (void)container.wait();
    require(out.wait_for("missing 0"), out.text());
  });
}

TEST_CASE("T-8: nobody waits for a server that never answers: not the host, not other changes, not the end",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    auto container = Container::launch(
        ground.shell("exec 3</dev/null; " + std::string{kSleep}, {served.mount(often(LossPolicy::Repair, 1s))}));
    auto events = container.mount_events();
    served.server->swallow();  // whoever has asked cannot be killed from here on
    const MountEvent lost = next_event(events, Kind::Lost);
    require(lost.cause == "it did not answer in 1000 ms", lost.cause);
    (void)container.attach(Tmpfs{"/more"});
    (void)container.replace("/more", Tmpfs{"/more", {.size = 1U << 20U}});
    container.detach("/more");
    for (const Kind kind : {Kind::Attached, Kind::Replaced, Kind::Detached}) (void)next_event(events, kind);
    expect(output_of(ground.shell("echo beside")), "beside\n");
    const std::unique_ptr<FuseServer> before = std::move(served.server);
    before->unmount();
    served.serve("second");  // it is repaired, though who asked the other one still waits
    (void)next_event(events, Kind::Restored);
    expect(read_data(container), "second");
    served.server->swallow();
    (void)next_event(events, Kind::Lost);
    require(container.stop(0ms).signal() == SIGKILL, "it ends, and nobody waits");
    require(in_another_process([&] {
              (void)Container::launch(detached(ground, kSleep, "alone", {BindMount{ground.path("."), "/all"}}));
            }) == 0,
            "others are launched");
    ground.containers().remove("alone", true);
  });
}

TEST_CASE("T-8: a look at a followed source whose server hangs holds up no change of that container",
          "[root][mounts][loss][follow]") {
  with_servers([](const Ground& ground) {
    const fs::path top = ground.directory().make("top");
    const fs::path place = ground.directory().make("top/served");
    const FuseServer server{place, "first"};
    auto container =
        Container::launch(ground.shell(kSleep, {BindMount{place / "file", "/file", {.follow = Follow::Name}}}));
    expect(shown(container, "cat /file"), "first");
    server.swallow();
    fs::rename(top, ground.path("aside"));
    fs::rename(ground.path("aside"), top);  // so it is looked for, by who waits for the server
    for (int time = 0; time < 5; ++time) {
      (void)container.attach(Tmpfs{"/more"});
      container.detach("/more");
    }
    require(container.stop(0ms).signal() == SIGKILL, "it ends, and nobody waits");
  });
}

TEST_CASE("a server that stood still for a while is well again when it answers, and reads that hang are their readers'",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    Round round{ground};
    auto container =
        Container::launch(ground.shell(kSleep, {served.mount(often(LossPolicy::Repair, 1s)), round.mount()}));
    auto events = container.mount_events();
    served.server->halt();
    (void)next_event(events, Kind::Lost);
    served.server->go_on();
    (void)next_event(events, Kind::Restored);
    expect(read_data(container), "first");
    served.server->swallow_reads();
    auto reader = container.exec({.argv = {"cat", "/data/file"}});
    round.wait_for(container);  // looks go on, and so does all else
    require(!reader.wait_for(0ms), "it waits for its server");
    served.server->kill();  // until then the kernel would not let it end
    (void)reader.wait();
  });
}

TEST_CASE("a container is paused while its source is dead, and a pause its user asked for stays one",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    auto container = Container::launch(ground.shell(kSleep, {served.mount(often(LossPolicy::Pause))}));
    auto events = container.mount_events();
    const auto lose = [&] {
      served.server.reset();
      (void)next_event(events, Kind::Lost);
    };
    const auto come_back = [&](const std::string& text) {
      served.serve(text);
      (void)next_event(events, Kind::Restored);
    };
    lose();
    require(is(container, ContainerStatus::Paused), "it is paused");
    come_back("second");
    require(is(container, ContainerStatus::Running), "it goes on");
    expect(read_data(container), "second");
    container.pause();
    lose();
    come_back("third");
    require(container.status() == ContainerStatus::Paused, "who paused it has to resume it");
    container.resume();
    lose();
    require(is(container, ContainerStatus::Paused), "it is paused again");
    container.pause();  // from here on it is the user's
    come_back("fourth");
    require(container.status() == ContainerStatus::Paused, "who paused it has to resume it");
    container.resume();
    lose();
    require(is(container, ContainerStatus::Paused), "it is paused again");
    container.resume();
    require(container.status() == ContainerStatus::Running, "its user wants it to run without");
    come_back("fifth");
    expect(read_data(container), "fifth");
    lose();
    require(is(container, ContainerStatus::Paused), "it is paused again");
    container.detach("/data", {.lazy = true});
    require(is(container, ContainerStatus::Running), "it does not have the mount any more");
  });
}

TEST_CASE("a container is stopped when its source dies, is not started again, and its record says why",
          "[root][mounts][loss][records]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    require(in_another_process([&] {
              LaunchSpec spec = detached(ground, "trap 'exit 7' TERM; echo up; " + std::string{kSleep}, "web",
                                         {served.mount(often(LossPolicy::Stop))});
              spec.restart = {RestartPolicy::Kind::Always, 0};
              (void)Container::launch(std::move(spec));
            }) == 0,
            "its host is gone");
    const Container known = ground.containers().get("web");
    require(eventually([&] { return log_of(ground.containers(), "web") == "up\n"; }), "it is up");
    served.server->kill();
    const ExitStatus status = known.wait();
    const std::string cause = "the mount \"" + served.place.string() + "\" -> \"/data\" lost its source: the server";
    require(status.exit_code() == 7 && status.cause().starts_with(cause), status.to_string());
    require(eventually([&] { return ground.containers().inspect("web").exit.has_value(); }), "it has ended");
    expect(ground.containers().inspect("web").exit->cause(), status.cause());
    require(to_json(ground.containers().inspect("web")).find("lost its source") != std::string::npos, "it says so");
    ground.containers().remove("web", true);
  });
}

TEST_CASE("a container that is started again while its source is dead or hangs starts, and has it when it is back",
          "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    Collector out;
    LaunchSpec spec = ground.shell("trap 'exit 3' TERM; echo up; " + std::string{kSleep},
                                   {served.mount(often(LossPolicy::Repair, 1s))});
    spec.out = out.stdio();
    spec.restart = {RestartPolicy::Kind::Always, 0};
    auto container = Container::launch(std::move(spec));
    const auto ups = [&](std::size_t count) {
      return eventually([&] { return lines_of(out.text()).size() == count; });
    };
    require(ups(1), "it is up");
    auto events = container.mount_events();
    served.server->kill();
    (void)next_event(events, Kind::Lost);
    container.kill(SIGTERM);
    require(ups(2), "it is up, without its source");
    served.server.reset();
    served.serve("second");
    require(eventually([&] { return read_data(container) == "second"; }), "it is mended");
    served.server->swallow();
    container.kill(SIGTERM);
    require(ups(3), "it is up, though nobody answers");
    container.kill(SIGKILL);
    (void)container.wait();
  });
}

TEST_CASE("each loss and each return of a source that comes and goes is one event", "[root][mounts][loss]") {
  with_servers([](const Ground& ground) {
    Served served{ground};
    Round round{ground};
    auto container = Container::launch(ground.shell(kSleep, {served.mount(often(LossPolicy::Repair)), round.mount()}));
    for (int time = 0; time < 3; ++time) {
      auto events = container.mount_events();
      served.server.reset();
      // the round before may be told only now
      for (std::optional<MountEvent> event; !event || event->kind != Kind::Lost;) {
        require(eventually([&] { return (event = events.next()).has_value(); }), "no event came");
      }
      round.wait_for(container);
      served.serve("again");
      require(eventually([&] { return read_data(container) == "again"; }), "it is repaired");
      round.wait_for(container);
      int restored = 0;
      int lost = 0;
      while (const auto event = events.next()) {
        restored += event->kind == Kind::Restored ? 1 : 0;
        lost += event->kind == Kind::Lost ? 1 : 0;
      }
      require(restored == 1 && lost == 0, "other events: " + std::to_string(restored) + ", " + std::to_string(lost));
    }
  });
}
