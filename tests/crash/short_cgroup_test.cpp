// SPDX-License-Identifier: Apache-2.0
// A launcher, or a host, whose cgroup has no memory or no process left: from there on with a little more each time, to
// where it is done. What cannot be had is told, who is killed for want of memory is told as that, nothing is left, and
// the next one works.
//
// In a normal run not each amount is tried; with DUNNAGE_CRASHES all are.

#include "crash/short_cgroup.hpp"

#include "container/resources_support.hpp"
#include "crash/failures.hpp"
#include "crash/launch_attempt.hpp"
#include "crash/places.hpp"
#include "launcher/connection.hpp"
#include "support/catch.hpp"
#include "support/read_to_end.hpp"
#include "support/requires.hpp"

#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

using Place = StoreOperation::Place;

const std::string kHungry =
    "all=$(head -c 4000000 /dev/zero | tr '\\0' a); [ ${#all} = 4000000 ] || exit 1\n"
    "all=\n";
constexpr const char* kNotDone = "not done";  ///< a file beside the store: the program has ended before it was done

struct Shortage {
  ShortCgroup::Of kind;
  bool of_host = false;               ///< else the launcher is in the cgroup
  std::optional<std::uint64_t> more;  ///< none: nothing is short
};

/// The operation, done when something is short.
StoreOperation in_short_cgroup(StoreOperation operation, const std::shared_ptr<Shortage>& shortage) {
  const auto cgroup = std::make_shared<std::unique_ptr<ShortCgroup>>();
  operation.ready = [ready = std::move(operation.ready), cgroup, shortage](const Place& place) {
    *cgroup = std::make_unique<ShortCgroup>(shortage->kind, place / "holder");
    return [call = ready(place), cgroup, shortage] {
      if (!shortage->more) return call();
      const std::unique_ptr<ShortCgroup, void (*)(ShortCgroup*)> back{cgroup->get(),
                                                                      [](ShortCgroup* all) { all->give_back(); }};
      (*cgroup)->take(shortage->of_host ? ::getpid() : launcher::connection_of_containers()->pid());
      (*cgroup)->allow(*shortage->more);
      call();
    };
  };
  operation.wrong = [wrong = std::move(operation.wrong), cgroup](const Place& place) {
    std::string text = wrong ? wrong(place) : std::string{};
    cgroup->reset();
    return text;
  };
  return operation;
}

/// What it was launched for it has done, or how it ended says that it has not.
StoreOperation honest_launch() {
  struct Run {
    std::string facts;
    std::optional<ExitStatus> status;
  };
  return attempt_operation(
      "launch a container of a directory",
      [](const Place& place) -> Attempt {
        const auto run = std::make_shared<Run>();
        return {.call =
                    [run, place, mounts = mounts_of_everything(place)] {
                      LaunchSpec spec = facts_spec(place, mounts);
                      spec.argv.back() = kHungry + spec.argv.back();
                      const Container container = Container::launch(std::move(spec));
                      run->facts = read_to_end(container.stdout_fd());
                      run->status = container.wait();
                    },
                .judge =
                    [run, place] {
                      if (run->status->success()) return wrong_facts(place, "a directory", run->facts);
                      std::ofstream{place / kNotDone} << run->status->to_string();
                      return std::string{};
                    }};
      },
      make_sources);
}

bool says_what_it_lacks(const std::string& words) {
  for (const char* lack : {"[EAGAIN]", "[ENOMEM]", "std::bad_alloc", "the launcher has died", "not_running"}) {
    if (words.find(lack) != std::string::npos) return true;
  }
  return false;
}

/// Whether it was done.
bool is_done_with(const Bench& bench, Shortage& shortage, std::uint64_t more) {
  shortage.more = more;
  const TracedRun run = bench.run({}, leaks_since);
  shortage.more.reset();
  const Verdict verdict = verdict_of(run);
  CAPTURE(more, static_cast<int>(verdict), run.words);
  REQUIRE(verdict != Verdict::Broken);
  const std::string state = bench.state();
  if (verdict == Verdict::Done) {
    REQUIRE(state == bench.after());
  } else {
    if (verdict == Verdict::Refused) CHECK(says_what_it_lacks(run.words));
    REQUIRE((bench.is_undone(state, false) || state == bench.after()));
    REQUIRE(bench.retry(false) == "");
  }
  bench.reset();
  return verdict == Verdict::Done;
}

void starve(const StoreOperation& operation, const Shortage& wanted, const std::vector<std::uint64_t>& amounts,
            const std::string& kind_of_place = "machine") {
  const auto place = make_place(kind_of_place);
  const auto shortage = std::make_shared<Shortage>(wanted);
  CAPTURE(operation.name);
  const Bench bench{in_short_cgroup(operation, shortage), place->path()};
  std::size_t refused = 0;
  for (const std::uint64_t more : amounts) refused += is_done_with(bench, *shortage, more) ? 0 : 1;
  CHECK((refused > 0 || std::filesystem::exists(place->path() / kNotDone)));
}

bool requires_short_cgroups() { return requires_root() && requires_tracing() && requires_limits({"memory", "pids"}); }

StoreOperation unpacking() {
  for (StoreOperation& operation : image_operations()) {
    if (operation.name == "unpack an image") return std::move(operation);
  }
  throw std::runtime_error{"no image is unpacked"};
}

}  // namespace

TEST_CASE("T-5: a launcher that may have no further process says so, and the next launch works", "[crash][few]") {
  if (!requires_short_cgroups()) return;
  const bool all = std::getenv("DUNNAGE_CRASHES") != nullptr;
  for (const StoreOperation& operation : launch_operations()) {
    if (operation.name.starts_with("start a launcher")) continue;  // it would be another cgroup's
    if (!all && operation.name.find("template") == std::string::npos) continue;
    starve(operation, {.kind = ShortCgroup::Of::Processes, .more = {}}, {0});
  }
  for (const StoreOperation& operation : asking_operations()) {
    if (operation.name.starts_with("execute")) {
      starve(operation, {.kind = ShortCgroup::Of::Processes, .more = {}}, {0});
    }
  }
}

TEST_CASE("T-5: a launcher without memory says so or is lost, and the next launch works", "[crash][few]") {
  if (!requires_short_cgroups()) return;
  constexpr std::uint64_t kStep = 64U << 10U;
  std::vector<std::uint64_t> amounts{0, kStep, 8 * kStep, 64 * kStep, 400 * kStep};
  for (std::uint64_t more = 0; std::getenv("DUNNAGE_CRASHES") != nullptr && more < 128; ++more) {
    amounts.push_back(more * kStep / 2);
  }
  starve(honest_launch(), {.kind = ShortCgroup::Of::Memory, .more = {}}, amounts);
}

TEST_CASE("T-5: an image is unpacked or not where memory is short, and the next time it is", "[crash][few]") {
  if (!requires_short_cgroups()) return;
  constexpr std::uint64_t kStep = 64U << 10U;
  starve(unpacking(), {.kind = ShortCgroup::Of::Memory, .of_host = true, .more = {}}, {0, kStep, 4 * kStep}, "memory");
}

}  // namespace dunnage::test
