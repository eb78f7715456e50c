// SPDX-License-Identifier: Apache-2.0
// The power is cut while detached containers are launched, waited for, started again and removed, and a volume they use
// is renamed. Records are not synced (container/record.hpp), so what has to be there depends on what others have synced
// since: then each container that was told of is there, dead, with its labels, its exit status and its volume. Whatever
// else is left, none runs, none is taken for another, none holds a volume, all can be removed, and those whose removal
// was told are gone.
//
// DUNNAGE_CRASHES says at how many moments.

#include "crash/power_cuts.hpp"
#include "crash/told_stages.hpp"
#include "support/catch.hpp"

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

enum Stage { kVolume = 1, kLaunched, kEnded, kSynced, kRenamed, kStarted, kRemoved };

constexpr int kFirst = 1;
constexpr int kLast = 4;
constexpr int kRunsOn = 3;  // this one until it is removed
constexpr int kExitCode = 7;

std::string name_of(int number) { return "box-" + std::to_string(number); }
std::string first_volume(int number) { return "data-" + std::to_string(number); }
std::string second_volume(int number) { return "moved-" + std::to_string(number); }
bool is_renamed(int number) { return number % 2 == 0; }
bool is_removed(int number) { return number <= 2; }

Container launch(const fs::path& store, int number) {
  const std::string program = number == kRunsOn ? "exec sleep 100000" : "exit " + std::to_string(kExitCode);
  return Container::launch({.argv = {"sh", "-c", program},
                            .mounts = MountSet{VolumeMount{.name = first_volume(number), .target = "/data"}},
                            .out = Stdio::null(),
                            .err = Stdio::null(),
                            .lifetime = Lifetime::Detached,
                            .name = name_of(number),
                            .labels = {{"of", std::to_string(number)}},
                            .remove_on_exit = false,
                            .store = store});
}

void use(const fs::path& top, const Report& report) {
  const fs::path store = top / "store";
  VolumeStore volumes = VolumeStore::open(store);
  ContainerStore containers = ContainerStore::open(store);
  for (int number = kFirst; number <= kLast; ++number) {
    const bool ends = number != kRunsOn;
    do_stage(report, number, kVolume, [&] { (void)volumes.create(first_volume(number)); });
    std::optional<Container> launched;
    do_stage(report, number, kLaunched, [&] { launched.emplace(launch(store, number)); });
    if (ends) do_stage(report, number, kEnded, [&] { (void)launched->wait(); });
    do_stage(report, number, kSynced, [&] { sync_disk(top); });
    if (is_renamed(number)) {
      do_stage(report, number, kRenamed, [&] { (void)volumes.rename(first_volume(number), second_volume(number)); });
    }
    if (ends) do_stage(report, number, kStarted, [&] { (void)containers.start(name_of(number)).wait(); });
    if (is_removed(number)) do_stage(report, number, kRemoved, [&] { containers.remove(name_of(number)); });
  }
  report.tell("0 1 begun");
  for (const ContainerInfo& left : containers.list()) containers.remove(left.name, true);
}

/// What was left of them on a disk.
class Inspection {
 public:
  explicit Inspection(const fs::path& top)
      : root_{top / "store"}, volumes_{VolumeStore::open(root_)}, containers_{ContainerStore::open(root_)} {}

  void inspect(int number, const Reached& reached) {
    if (number == 0) return;  // all are removed
    complaints_.trying(name_of(number), [&] {
      const auto all = containers_.list();  // which has those that are damaged, too
      const auto found = std::ranges::find(all, name_of(number), &ContainerInfo::name);
      if (found == all.end()) return inspect_missing(number, reached);
      say(number, reached.maybe(kLaunched), "is there");
      say(number, !(is_removed(number) && reached.surely(kRemoved)), "its removal was told");
      inspect_found(number, reached, *found);
    });
  }

  std::string end(const std::map<int, Reached>& all) {
    for (const ContainerInfo& info : containers_.list()) {
      complaints_.trying(info.name, [&] { containers_.remove(info.name, false, false); });
    }
    for (const auto& [number, reached] : all) {
      if (number != 0) inspect_volume(number, reached);
    }
    const StoreReport report = check_store(root_, {.grace = std::chrono::seconds{0}});
    complaints_.require(report.is_clean(), report.to_string());
    return complaints_.text();
  }
  void removes_all() noexcept { removes_all_ = true; }

 private:
  void say(int number, bool right, const std::string& what) {
    complaints_.require(right, name_of(number) + ": " + what);
  }

  void inspect_missing(int number, const Reached& reached) {
    const bool may_be_gone = removes_all_ || (is_removed(number) && reached.maybe(kRemoved));
    say(number, may_be_gone || !reached.surely(kSynced), "is not there");
  }

  void inspect_found(int number, const Reached& reached, const ContainerInfo& info) {
    const bool dead = info.status == ContainerStatus::Exited || info.status == ContainerStatus::Dead;
    const bool young = info.status == ContainerStatus::Created;  // without a state, for its first minute
    say(number, dead || (young && !reached.surely(kSynced)) || (young && (reached.maybe(kStarted) || removes_all_)),
        "is " + std::string{to_string(info.status)});
    if (info.id.empty()) {  // its record is damaged
      say(number, !reached.surely(kSynced) || reached.maybe(kStarted) || removes_all_, "its record is damaged");
      return;
    }
    say(number, info.labels == Labels{{"of", std::to_string(number)}}, "has other labels");
    say(number, info.mounts.size() > 0 && info.mounts["/data"].target == "/data", "has other mounts");
    const bool told_end = info.status == ContainerStatus::Exited && number != kRunsOn;
    say(number, !told_end || (info.exit && info.exit->exit_code() == kExitCode), "has another exit status");
    const bool exited = number != kRunsOn && reached.surely(kSynced) && !reached.maybe(kStarted);
    say(number, !exited || (info.exit && info.status == ContainerStatus::Exited), "its exit status is gone");
  }

  void inspect_volume(int number, const Reached& reached) {
    complaints_.trying("the volume of " + name_of(number), [&] {
      const bool first = volumes_.find(first_volume(number)).has_value();
      const bool second = volumes_.find(second_volume(number)).has_value();
      say(number, !(first && second), "its volume has two names");
      say(number, !reached.surely(kVolume) || first || second, "its volume is gone");
      say(number, !second || reached.maybe(kRenamed), "its volume was renamed");
      say(number, !first || !is_renamed(number) || !reached.surely(kRenamed), "its volume has its old name");
      if (!first && !second) return;
      const std::string name = first ? first_volume(number) : second_volume(number);
      say(number, volumes_.users(name).empty(), "its volume is used");
      volumes_.remove(name);
    });
  }

  fs::path root_;
  VolumeStore volumes_;
  ContainerStore containers_;
  bool removes_all_ = false;
  Complaints complaints_;
};

std::string inspect(const fs::path& top, const Told& told) {
  if (!fs::exists(top / "store")) return told.before.find("done") == std::string::npos ? "" : "there is no store";
  Inspection inspection{top};
  const auto all = reached(told);
  if (all.contains(0)) inspection.removes_all();
  for (const auto& [number, stages] : all) inspection.inspect(number, stages);
  return inspection.end(all);
}

}  // namespace

TEST_CASE("T-3: containers whose power was cut are dead and as they were synced, and hold no volume, or are not there",
          "[crash][dropping]") {
  cut_recorded(use, 40, inspect);
}

}  // namespace dunnage::test
