// SPDX-License-Identifier: Apache-2.0
// Whoever works on a store is killed at one of the calls. What was acknowledged is there, what was not is there as a
// whole or not at all, nothing else is touched, nothing is left, and a second try works.
//
// DUNNAGE_CRASHES=10000 kills each operation so often, DUNNAGE_CRASH_FILE_SYSTEMS="machine memory ext4 xfs btrfs" on
// all of these.

#include "crash/bench.hpp"
#include "image/registry.hpp"
#include "support/catch.hpp"
#include "support/oci_image.hpp"
#include "support/requires.hpp"
#include "support/temporary_directory.hpp"

#include <sys/syscall.h>

#include <set>
#include <string>

namespace dunnage::test {
namespace {

using Kind = CallFault::Kind;

/// The kills of an operation that makes `calls`, spread over them; the last comes in the instant after its answer.
std::vector<CallFault> kills(std::size_t calls, std::size_t number, bool launcher) {
  const std::size_t steps = calls + 1;
  const std::vector<Kind> kinds =
      launcher ? std::vector{Kind::KillAll, Kind::KillHost, Kind::KillMaker} : std::vector{Kind::KillAll};
  std::vector<CallFault> faults;
  for (std::size_t index = 0; index < number; ++index) {
    const std::size_t at = number < steps ? index * steps / number + index % 2 : index % steps;
    const std::size_t turn = number < steps ? index : index / steps;
    faults.push_back({.kind = kinds[turn % kinds.size()], .at = at});
  }
  return faults;
}

/// Between two of these something could be half there.
const std::set<long> kChanging{SYS_openat,  SYS_linkat,   SYS_unlinkat, SYS_renameat, SYS_renameat2, SYS_mknodat,
                               SYS_mkdirat, SYS_pwrite64, SYS_fchmod,   SYS_fchownat, SYS_symlinkat};
const std::set<long> kRenaming{SYS_renameat, SYS_renameat2};  // between two everything may depend on a third
const std::set<long> kMounting{SYS_ioctl, SYS_fsopen, SYS_fsconfig, SYS_fsmount, SYS_move_mount};

/// So many kills before such calls, spread over them.
std::vector<CallFault> kills_at(const std::set<long>& such, const std::vector<long>& calls, std::size_t number) {
  std::vector<CallFault> all;
  for (std::size_t at = 0; at < calls.size(); ++at) {
    if (such.contains(calls[at])) all.push_back({.kind = Kind::KillAll, .at = at});
  }
  return some_of(all, number);
}

void kill_at_calls(const Bench& bench, const CallFault& fault) {
  const TracedRun run = bench.run(fault);
  const Verdict verdict = verdict_of(run);
  CAPTURE(fault.at, static_cast<int>(fault.kind), static_cast<int>(verdict), run.words, run.calls.size());
  REQUIRE(verdict != Verdict::Broken);
  const std::string state = bench.state();
  if (verdict == Verdict::Done) {
    if (!bench.is_as_after(state)) REQUIRE(state == bench.after());
  } else if (bench.operation().partial) {
    REQUIRE(bench.is_between(state));
  } else if (!bench.is_as_before(state)) {
    REQUIRE(state == bench.after());
  }
  if (bench.operation().adds || bench.operation().orphans) bench.reset();
  REQUIRE(bench.retry(state == bench.after() && !bench.operation().orphans) == "");
  bench.reset();
}

/// One that does many things, each as a whole: what is there is as before or as after, and the same call again does the
/// rest. A directory the killed one worked in goes with that.
void kill_in_the_middle(const Bench& bench, const CallFault& fault) {
  const TracedRun run = bench.run(fault);
  const Verdict verdict = verdict_of(run);
  CAPTURE(fault.at, static_cast<int>(fault.kind), static_cast<int>(verdict), run.words);
  REQUIRE(verdict != Verdict::Broken);
  const std::string state = bench.state();
  if (verdict == Verdict::Done) REQUIRE(state == bench.after());
  CHECK(bench.strange_lines(state) == "");
  CHECK(bench.lost_paths(state) == "");
  REQUIRE(bench.retry(false) == "");
  bench.reset();
}

void kill_with(const Bench& bench, const std::vector<CallFault>& faults) {
  for (const CallFault& fault : faults) {
    bench.operation().resumes ? kill_in_the_middle(bench, fault) : kill_at_calls(bench, fault);
  }
}

/// \param usual  kills spread over all calls; \param at_such  further ones before calls that are `such`
void kill_each(const std::vector<StoreOperation>& operations, std::size_t usual, std::size_t at_such = 0,
               const std::set<long>& such = kChanging) {
  hit_each(operations, [&](const Bench& bench) {
    REQUIRE(bench.calls().size() > 5);
    auto faults = kills(bench.calls().size(), crashes_of_each(usual), bench.operation().launcher);
    const auto more = kills_at(such, bench.calls(), at_such == 0 ? 0 : crashes_of_each(at_such));
    faults.insert(faults.end(), more.begin(), more.end());
    kill_with(bench, faults);
  });
}

/// Before each of the first such calls of the process itself, whatever others have been made by then.
void kill_before(const std::vector<StoreOperation>& operations, long call, std::size_t number) {
  std::vector<CallFault> faults;
  for (std::size_t at = 0; at < number; ++at) {
    faults.push_back({.kind = Kind::KillAll, .at = at, .call = call, .maker = CallFault::Maker::Host});
  }
  hit_each(operations, [&](const Bench& bench) { kill_with(bench, faults); });
}

}  // namespace

TEST_CASE("T-1: a process killed at any call on volumes leaves each done or undone", "[crash]") {
  kill_each(volume_operations(), 20);
}

TEST_CASE("T-1: a process killed at any call on histories of volumes leaves each done or undone", "[crash]") {
  kill_each(history_operations(), 12);
}

TEST_CASE("T-1: a process killed at any call on the limit of a volume leaves it as it was or as it is to be",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  kill_each(limit_operations(), 4, 8, kRenaming);
}

TEST_CASE("T-1: a process killed at any call on transactions leaves each done, undone, or to be done by the next call",
          "[crash]") {
  kill_each(transaction_operations(), 7);
}

TEST_CASE("T-1: a process killed at any call that moves volumes leaves each done or undone", "[crash]") {
  kill_each(move_operations(), 10);
}

TEST_CASE("T-1: a process killed at any call on images leaves each done or undone", "[crash]") {
  kill_each(image_operations(), 16);
}

TEST_CASE("T-1: a process killed at any call of a pull leaves the image whole or not there", "[crash][pull]") {
  if (!requires_program("skopeo") || !requires_program("docker-registry")) return;
  const Registry registry;
  const TemporaryDirectory directory;
  write_image(directory.path() / "image", {{{.path = "own", .content = "pulled"}}, {{.path = "more"}}});
  registry.push("oci:" + (directory.path() / "image").string(), "pulled:1");
  kill_each({pull_operation(registry.name("pulled:1"))}, 3, 3);
}

TEST_CASE("T-1: a process killed at any call of an export to a pipe leaves its reader without an end", "[crash]") {
  kill_each(export_operations(), 8);
}

TEST_CASE("T-1: a process, or its launcher, killed at any call on containers leaves each done or undone", "[crash]") {
  kill_each(container_operations(), 9);
}

TEST_CASE("T-1: a process or launcher killed at any call of a copy leaves each file as it was or as it is to be",
          "[crash][cp]") {
  kill_each(copy_operations(), 2, 3);
  // whose worker alone is killed waits two seconds for the launcher to die as well
  kill_each({copy_operations().front()}, 3);
}

TEST_CASE("T-1: a process or launcher killed at any call of bringing a project up leaves the rest to the next one",
          "[crash][project]") {
  kill_each(up_operations(), 2, 3);
  kill_before({up_operations().front()}, SYS_renameat2, 5);  // something appears, or is exchanged
}

TEST_CASE("T-1: a process killed at any call of taking a project down leaves the rest to the next one",
          "[crash][project]") {
  kill_each(down_operations(), 3, 3);
}

TEST_CASE("T-1: a process or launcher killed at any call of mounting a file system in a file leaves no device",
          "[crash][disk]") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  kill_each(disk_operations(), 4, 9, kMounting);
  kill_each({limited_launch_operation()}, 3, 6, kMounting);
}

TEST_CASE(
    "T-1: a process or launcher killed at any call of a restart leaves the container to be started by the next one",
    "[crash][restart]") {
  kill_each(restart_operations(), 3, 3);
  kill_before({restart_operations().front()}, SYS_write, 8);  // a file is still empty
}

TEST_CASE("T-1: a host killed at any call that changes mounts of a container leaves the change done or undone",
          "[crash][live]") {
  kill_each(live_operations(), 6);
}

TEST_CASE("T-1: a host or its launcher killed at any call that changes mounts leaves the record whole",
          "[crash][live]") {
  kill_each(own_live_operations(), 6);
}

}  // namespace dunnage::test
