// SPDX-License-Identifier: Apache-2.0
// What a container may use, and what it uses.

#include "container/records_support.hpp"
#include "container/resources_support.hpp"
#include "container/support.hpp"

#include <dunnage/launch_template.hpp>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <set>

using namespace dunnage;
using namespace dunnage::test;

namespace {

constexpr std::int64_t kMebibyte = 1 << 20;
constexpr std::int64_t kTooMany = std::int64_t{1} << 40;  ///< of processes, for any kernel

LaunchSpec limited(LaunchSpec spec, Resources resources) {
  spec.resources = std::move(resources);
  return spec;
}

/// Its first process grows until somebody stops it.
LaunchSpec greedy(const Ground& ground) {
  return limited(ground.program({"tail", "/dev/zero"}), {.memory = 32 * kMebibyte, .memory_swap = 32 * kMebibyte});
}

}  // namespace

TEST_CASE("a container with limits has a cgroup of its own, and sees it as the root of all", "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  Collector out;
  LaunchSpec spec = limited(
      ground.shell("cat /proc/self/cgroup; mkdir /sys/fs/cgroup/below || echo refused; echo ready; exec sleep 1000"),
      {.memory = 64 * kMebibyte, .pids = 50});
  spec.out = out.stdio();
  const Container container = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  for (const std::string& line : lines_of(out.text())) {
    if (line.find(':') != std::string::npos) CHECK(line.ends_with(":/"));
  }
  CHECK(out.text().find("refused\n") != std::string::npos);
  const std::set<std::string> own = cgroups_of(container);
  REQUIRE_FALSE(own.empty());
  for (const std::string& path : own) CHECK(path.ends_with(container.id()));
  CHECK_FALSE(directories_named(container.id()).empty());

  container.kill();
  (void)container.wait();
  CHECK(directories_named(container.id()).empty());
}

TEST_CASE("a container without limits has no cgroup, and nothing to tell", "[container][resources]") {
  const Ground ground;
  const Container container = Container::launch(ground.program({"sleep", "1000"}));
  CHECK(cgroups_of(container) == cgroups_of_this_process());
  CHECK(directories_named(container.id()).empty());
  CHECK_THAT(message_of([&] { (void)container.stats(); }),
             Catch::Contains("it has no cgroup") && Catch::Contains("Resources::statistics"));
}

TEST_CASE("a program that takes more memory than it may is killed, and the exit status, the record and inspect say so",
          "[container][resources]") {
  if (!requires_limits({"memory"})) return;
  const Ground ground;
  LaunchSpec spec = greedy(ground);
  spec.name = "greedy";
  spec.remove_on_exit = false;
  const Container container = Container::launch(std::move(spec));
  const ExitStatus status = container.wait();
  CHECK(status.oom_killed());
  CHECK(status.signal() == SIGKILL);
  CHECK(status.to_string() == "killed by SIGKILL (out of memory)");
  const ContainerInfo info = ground.containers().inspect("greedy");
  REQUIRE(info.exit);
  CHECK(info.exit->oom_killed());
  CHECK_THAT(to_json(info), Catch::Contains("\"OOMKilled\":true"));
  CHECK(info.resources.memory == 32 * kMebibyte);
  CHECK(directories_named(container.id()).empty());
}

TEST_CASE("a program that somebody kills has not run out of memory", "[container][resources]") {
  if (!requires_limits({"memory"})) return;
  const Ground ground;
  const Container container = Container::launch(limited(ground.program({"sleep", "1000"}), {.memory = 64 * kMebibyte}));
  container.kill();
  CHECK(container.wait() == ExitStatus::signaled(SIGKILL));
}

TEST_CASE("processes beyond the limit cannot be forked, those of exec() included", "[container][resources]") {
  if (!requires_limits({"pids"})) return;
  const Ground ground;
  LaunchSpec spec = limited(ground.shell("for i in 1 2 3 4 5 6 7 8; do sleep 1000 & done"), {.pids = 4});
  const Outcome outcome = outcome_of(std::move(spec));
  CHECK_FALSE(outcome.status.success());
  std::string err = outcome.err;
  std::ranges::transform(err, err.begin(), [](unsigned char letter) { return std::tolower(letter); });
  CHECK_THAT(err, Catch::Contains("fork"));

  const Container container = Container::launch(limited(ground.program({"sleep", "1000"}), {.pids = 2}));
  const Outcome forking = outcome_of(container, {.argv = {"sh", "-c", "sleep 1000 & sleep 1000 & wait"}});
  CHECK_FALSE(forking.status.success());
}

TEST_CASE("a program that uses up its part of a processor waits for the next period", "[container][resources]") {
  if (!requires_limits({"cpus"})) return;
  const Ground ground;
  const Container container = Container::launch(
      limited(ground.shell("while :; do :; done"), {.cpu_quota = 1000, .cpu_period = 20'000, .statistics = true}));
  CHECK(eventually([&] {  // the time is counted when it may run again
    const ContainerStats stats = container.stats();
    return stats.cpu_throttled_periods.value_or(0) > 2 && stats.cpu_throttled_time.value_or(0ns) > 0ns &&
           stats.cpu_user.value_or(0ns) + stats.cpu_system.value_or(0ns) > 0ns;
  }));
  const ContainerStats stats = container.stats();
  CHECK(stats.cpu_periods.value_or(0) >= stats.cpu_throttled_periods.value_or(0));
}

TEST_CASE("a container runs on the processors it was given", "[container][resources]") {
  if (!requires_limits({"cpuset"})) return;
  const Ground ground;
  CHECK(output_of(limited(ground.shell("grep Cpus_allowed_list /proc/self/status | cut -f 2"),
                          {.cpuset_cpus = "0", .cpuset_mems = "0"})) == "0\n");
}

TEST_CASE("figures are those of one container, with its exec()s, whatever others use", "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  const Container small =
      Container::launch(limited(ground.program({"sleep", "1000"}), {.pids = 50, .statistics = true}));
  Collector out;
  LaunchSpec spec = limited(ground.shell("sleep 1000 & sleep 1000 & x=$(head -c 20000000 /dev/zero | tr '\\0' x); "
                                         "echo ready; wait"),
                            {.memory = 256 * kMebibyte, .pids = 60});
  spec.out = out.stdio();
  const Container big = Container::launch(std::move(spec));
  REQUIRE(out.wait_for("ready\n"));
  const ContainerStats few = small.stats();
  const ContainerStats many = big.stats();
  CHECK(few.pids_current == 1U);
  CHECK(few.pids_limit == 50U);
  CHECK_FALSE(few.memory_limit);
  CHECK(many.pids_current == 3U);
  CHECK(many.pids_limit == 60U);
  CHECK(many.memory_limit == std::uint64_t{256} << 20U);
  CHECK(many.memory_current.value_or(0) > std::uint64_t{10} << 20U);
  CHECK(few.memory_current.value_or(0) < many.memory_current.value_or(0));
  CHECK(many.memory_peak.value_or(many.memory_current.value_or(0)) >= many.memory_current.value_or(0));
  CHECK(many.oom_kills == 0U);
  CHECK_THAT(many.to_json(), Catch::Contains("\"PidsCurrent\":3"));

  const Process further = small.exec({.argv = {"sleep", "1000"}, .out = Stdio::null(), .err = Stdio::null()});
  CHECK(small.stats().pids_current == 2U);
  further.kill();
  (void)further.wait();
}

TEST_CASE("a container that was frozen and goes on is where its limits are", "[container][resources]") {
  if (!requires_limits({"pids"})) return;
  const Ground ground;
  const Container container = Container::launch(limited(ground.program({"sleep", "1000"}), {.pids = 7}));
  const std::set<std::string> before = cgroups_of(container);
  container.pause();
  CHECK(container.status() == ContainerStatus::Paused);
  CHECK(container.stats().pids_current == 1U);
  container.resume();
  CHECK(container.status() == ContainerStatus::Running);
  CHECK(cgroups_of(container) == before);
  CHECK(container.stats().pids_current == 1U);
}

TEST_CASE("a limit the kernel refuses fails the launch with its name, and leaves nothing", "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  const Container other =
      Container::launch(limited(ground.program({"sleep", "1000"}), {.memory = 64 * kMebibyte, .pids = 5}));
  const std::set<std::string> before = siblings_of(other);
  LaunchSpec spec = limited(ground.program({"true"}), {.memory = 64 * kMebibyte, .pids = kTooMany});
  spec.name = "refused";
  const std::string message = message_of([&] { (void)Container::launch(std::move(spec)); });
  CHECK_THAT(message, Catch::Contains("pids: pids.max does not take \"1099511627776\"") && Catch::Contains("refused"));
  CHECK(siblings_of(other) == before);
  CHECK_FALSE(ground.containers().find("refused"));
}

TEST_CASE("other limits are in force at once, and all are as they were if one is refused", "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  LaunchSpec spec = limited(ground.program({"sleep", "1000"}), {.memory = 64 * kMebibyte, .pids = 50});
  spec.name = "updated";
  Container container = Container::launch(std::move(spec));
  container.update({.memory = 128 * kMebibyte, .memory_swap = 128 * kMebibyte});
  CHECK(container.stats().memory_limit == std::uint64_t{128} << 20U);
  CHECK(container.stats().pids_limit == 50U);
  CHECK(ground.containers().inspect("updated").resources.memory == 128 * kMebibyte);

  CHECK_THAT(message_of([&] {
               container.update({.memory = 96 * kMebibyte, .memory_swap = 200 * kMebibyte, .pids = kTooMany});
             }),
             Catch::Contains("pids.max does not take"));
  CHECK(container.stats().memory_limit == std::uint64_t{128} << 20U);
  CHECK(container.stats().pids_limit == 50U);
  CHECK(ground.containers().inspect("updated").resources.pids == 50);
  CHECK_THAT(message_of([&] { container.update({.memory = 200 * kMebibyte}); }), Catch::Contains("memory_swap"));

  ground.containers().get("updated").update({.pids = 60});
  container.update({.memory = kUnlimited, .memory_swap = kUnlimited});
  CHECK_FALSE(container.stats().memory_limit);
  CHECK(container.stats().pids_limit == 60U);  // what another handle has set stays

  container.kill();
  (void)container.wait();
  CHECK(code_of([&] { container.update({.pids = 5}); }) == errc::not_running);
  CHECK(code_of([&] { (void)container.stats(); }) == errc::not_running);
}

TEST_CASE("a limit whose controller a container was launched without is refused later", "[container][resources]") {
  if (!requires_limits({"pids"})) return;
  const Ground ground;
  Container bare = Container::launch(ground.program({"sleep", "1000"}));
  CHECK(code_of([&] { bare.update({.pids = 5}); }) == errc::not_supported);
}

TEST_CASE("limits are there again after a restart, as they were updated", "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  LaunchSpec spec = limited(ground.program({"sleep", "1000"}), {.memory = 64 * kMebibyte, .pids = 50});
  spec.name = "again";
  spec.remove_on_exit = false;
  Container container = Container::launch(std::move(spec));
  container.update({.pids = 40});
  container.restart(0ms);
  CHECK(container.stats().pids_limit == 40U);
  CHECK(container.stats().memory_limit == std::uint64_t{64} << 20U);
  container.kill();
  (void)container.wait();

  const Container later = ground.containers().start("again");
  CHECK(later.stats().pids_limit == 40U);
  later.kill();
  (void)later.wait();
  CHECK(directories_named(later.id()).empty());
}

TEST_CASE("a program its policy starts again begins with the limits it has now, and counts anew",
          "[container][resources]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  LaunchSpec spec =
      limited(ground.shell("trap 'exit 1' TERM; while :; do sleep 0.02; done"), {.memory = 64 * kMebibyte, .pids = 50});
  spec.restart = RestartPolicy::parse("always");
  Container container = Container::launch(std::move(spec));
  container.update({.pids = 40});
  const int first = container.pid();
  REQUIRE(eventually([&] {  // a signal before the trap is there does nothing to process 1
    if (container.status() == ContainerStatus::Running && container.pid() == first) {
      (void)code_of([&] { container.kill(SIGTERM); });  // the one before may have ended it
    }
    return container.status() == ContainerStatus::Running && container.pid() != first && container.pid() != 0;
  }));
  CHECK(container.stats().pids_limit == 40U);
  CHECK(container.stats().memory_limit == std::uint64_t{64} << 20U);
}

TEST_CASE("containers of a template have limits each, and one may have others", "[container][resources][template]") {
  if (!requires_limits({"memory", "pids"})) return;
  const Ground ground;
  const LaunchTemplate shared{limited(ground.program({"sleep", "1000"}), {.memory = 64 * kMebibyte, .pids = 50})};
  const Container one = shared.launch();
  const Container two = shared.launch({.resources = Resources{.pids = 9}});
  CHECK(one.stats().pids_limit == 50U);
  CHECK(one.stats().memory_limit == std::uint64_t{64} << 20U);
  CHECK(two.stats().pids_limit == 9U);
  CHECK(cgroups_of(one) != cgroups_of(two));
}

TEST_CASE("what is at a device's name and cannot be limited is refused before anything is launched",
          "[container][resources]") {
  if (!requires_limits({"blkio"})) return;
  const Ground ground;
  CHECK_THAT(message_of([&] {
               (void)run(limited(ground.program({"true"}), {.device_read_bps = {{"/dev/null", 1000}}}));
             }),
             Catch::Contains("/dev/null is no block device"));
  CHECK_THAT(message_of([&] {
               (void)run(limited(ground.program({"true"}), {.device_read_bps = {{"/dev/no-such", 1000}}}));
             }),
             Catch::Contains("/dev/no-such cannot be looked up"));
}

TEST_CASE("who may make no cgroup is told so by the name of the limit, and has his containers without",
          "[container][resources]") {
  if (limits_can_be_had("pids")) {
    skip("this user may make cgroups");
    return;
  }
  const Ground ground;
  const std::string message = message_of([&] { (void)run(limited(ground.program({"true"}), {.pids = 10})); });
  CHECK_THAT(message, Catch::Contains("pids cannot be limited"));
  CHECK(code_of([&] { (void)run(limited(ground.program({"true"}), {.statistics = true})); }) == errc::not_supported);
  CHECK(run(ground.program({"true"})).success());
}
