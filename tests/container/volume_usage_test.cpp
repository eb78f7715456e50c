// SPDX-License-Identifier: Apache-2.0
// How much volumes hold, and limits that whoever launches containers can have.

#include "container/history_support.hpp"
#include "volume/use.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/prune_plan.hpp>
#include <dunnage/volume_trash.hpp>

#include <stop_token>
#include <thread>

namespace dunnage::test {
namespace {

constexpr std::uint64_t kMiB = std::uint64_t{1} << 20U;
constexpr std::uint64_t kContent = 300'000;

const DriverOptions kMemory{{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "mode=0750"}};

}  // namespace

TEST_CASE("how much a volume holds is found by a walk, kept with its time, and told of the trash and of a prune") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto data = store.create("db").mountpoint();
  write_text(data / "d/large", std::string(kContent, 'x'));
  CHECK_FALSE(std::filesystem::exists(data.parent_path() / "usage"));
  const VolumeUsage usage = store.usage("db");
  CHECK(usage.way == UsageWay::Walk);
  CHECK(usage.files == 2);
  CHECK(usage.bytes >= kContent);
  CHECK(usage.bytes < kContent + 64 * 1024);
  CHECK_FALSE(usage.cached);
  CHECK(usage.limit.is_none());

  write_text(data / "more", std::string(kContent, 'y'));
  const VolumeUsage kept = store.usage("db", {.max_age = std::chrono::milliseconds::max()});
  CHECK(kept.cached);
  CHECK(kept.bytes == usage.bytes);
  CHECK(kept.measured_at == usage.measured_at);
  CHECK(store.usage("db", {.max_age = std::chrono::hours{1}}).cached);
  CHECK_FALSE(store.usage("db").cached);
  CHECK(store.usage("db", {.max_age = std::chrono::milliseconds::max()}).files == 3);
  write_text(data.parent_path() / "usage", "damaged");
  CHECK(store.usage("db", {.max_age = std::chrono::milliseconds::max()}).files == 3);
  CHECK(store.check().findings.empty());

  std::stop_source stop;
  stop.request_stop();
  CHECK(code_of([&] { (void)store.usage("db", {.watch = {.stop = stop.get_token()}}); }) == errc::cancelled);
  CHECK(code_of([&] { (void)store.usage("none"); }) == errc::volume_missing);

  (void)store.history("db").snapshot();
  const PrunePlan plan = store.plan_prune({.all = true});
  const auto usages = plan.usage();
  REQUIRE(usages.contains("db"));
  CHECK(usages.at("db").files.value_or(0) > 6);  // the snapshot goes as well
  CHECK(usages.at("db").bytes >= 2 * kContent);
  store.remove("db", {.keep = std::chrono::hours{1}});
  CHECK(plan.usage().empty());
  CHECK(store.trash().usage("db").bytes >= 2 * kContent);
  CHECK(store.trash().usage("db", {.max_age = std::chrono::milliseconds::max()}).cached);
  CHECK(code_of([&] { (void)store.trash().usage("none"); }) == errc::volume_missing);
}

TEST_CASE("a volume can be removed while it is measured, and containers begin to use it") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto data = store.create("db").mountpoint();
  constexpr int kMany = 3000;
  for (int number = 0; number < kMany; ++number) write_text(data / std::to_string(number), "x");
  bool removed = false;
  const UsageOptions options{.watch = {.progress = [&](const Progress&) {
                               if (std::exchange(removed, true)) return;
                               CHECK(run(ground.program({"true"}, {VolumeMount{"db", "/d"}})).success());
                               store.remove("db");
                             }}};
  // whether it is walked to its end before anybody is told depends on the machine
  const std::error_code code = code_of([&] { (void)store.usage("db", options); });
  CHECK((removed ? code == errc::volume_missing : !code));
}

TEST_CASE("a limit of a volume in memory holds for whoever launches") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const VolumeLimitPlan plan = store.plan_limit({.size = kMiB, .inodes = 8}, kMemory);
  CHECK(plan.way == LimitWay::Memory);
  const VolumeLimit limit{.size = kMiB, .inodes = 8};
  const Volume made = store.create("fast", {.driver_options = kMemory, .limit = limit});
  CHECK(made.info().limit_way == LimitWay::Memory);
  CHECK(made.info().driver_options.at("o") == "mode=0750,size=1048576,nr_inodes=8");
  const MountSet mounts{VolumeMount{"fast", "/fast"}};
  const std::string fill =
      "echo before > /fast/before; dd if=/dev/zero of=/fast/x bs=64k count=64; cat /fast/before; "
      "for i in 1 2 3 4 5 6 7 8; do touch /fast/$i || break; done; stat -c '%a' /fast; stat -c %s /fast/x";
  const Outcome outcome = outcome_of(ground.shell(fill, mounts));
  CHECK_THAT(outcome.err, Catch::Contains("/fast/x': No space left on device"));
  CHECK_THAT(outcome.err, Catch::Contains("touch: ") && Catch::Contains("/fast/6': No space left on device"));
  CHECK_THAT(outcome.out, Catch::StartsWith("before\n750\n"));
  CHECK(store.update("fast", {.limit = VolumeLimit{.size = 2 * kMiB}}).info().driver_options.at("o") ==
        "mode=0750,size=2097152");
  CHECK(store.list().front().info().limit == VolumeLimit{.size = 2 * kMiB});
  CHECK(output_of(ground.shell("df -k /fast | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2", mounts)) == "2048\n");
  CHECK(code_of([&] { (void)store.usage("fast"); }) == errc::not_supported);
  CHECK(
      code_of([&] {
        (void)store.update("fast", {.driver_options = DriverOptions{{"type", "none"}, {"device", "/"}, {"o", "bind"}}});
      }) == errc::not_supported);
}

TEST_CASE("what cannot be held is refused, and nothing is made") {
  const Ground ground;
  VolumeStore store = ground.volumes();
  const auto refusal = [&](const VolumeLimit& limit, const DriverOptions& options = {}) {
    std::error_code planned = code_of([&] { (void)store.plan_limit(limit, options); });
    CHECK(code_of([&] { (void)store.create("db", {.driver_options = options, .limit = limit}); }) == planned);
    return planned;
  };
  CHECK(refusal({}) == errc::invalid_argument);
  CHECK(refusal({.size = 100}) == errc::invalid_argument);
  CHECK(refusal({.size = kMiB}, {{"type", "none"}, {"device", "/srv"}, {"o", "bind"}}) == errc::not_supported);
  CHECK(refusal({.size = kMiB}, {{"type", "tmpfs"}, {"device", "tmpfs"}, {"o", "size=5m"}}) == errc::invalid_argument);
  if (who() != Launcher::Root) {
    CHECK(refusal({.size = 64 * kMiB}) == errc::not_supported);
    CHECK_THAT(message_of([&] { (void)store.create("db", {.limit = VolumeLimit{.size = 64 * kMiB}}); }),
               Catch::Contains("an ordinary user can neither set a quota nor mount an image") &&
                   Catch::Contains("do it as root, or make a volume in memory"));
  }
  CHECK(store.list().empty());
  CHECK(entries_below(ground.store_path() / "staging").empty());
  (void)store.create("plain");
  const auto given = [&](const VolumeLimit& limit) {
    return code_of([&] { (void)store.update("plain", {.limit = limit}); });
  };
  CHECK(given({.size = 100}) == errc::invalid_argument);
  if (who() != Launcher::Root) CHECK(given({.size = 64 * kMiB}) == errc::not_supported);
  CHECK(store.get("plain").info().limit_way == LimitWay::None);
}

}  // namespace dunnage::test
