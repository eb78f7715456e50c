// SPDX-License-Identifier: Apache-2.0
// The power is cut while mounts of running containers are attached, replaced and detached. Records are not synced
// (container/record.hpp), so what has to be there depends on what others have synced since: then the record says the
// mounts it said at that time, or those of a later change, and never something in between. None of the volumes is lost,
// none is used, and the container can be removed.
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
#include <array>
#include <chrono>
#include <set>
#include <string>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

enum Stage {
  kMade = 1,
  kLaunched,
  kSynced,
  kAttached,
  kAttachSynced,
  kReplaced,
  kReplaceSynced,
  kDetached,
  kDetachSynced,
  kRemoved
};

constexpr int kNamed = 1;  ///< this container is given a volume that has a name, the other one its own
constexpr int kOwn = 2;
constexpr const char* kNothing = "nothing";

std::string name_of(int number) { return "live-" + std::to_string(number); }
std::string volume_of(int number, const char* which) { return which + ("-" + std::to_string(number)); }
std::string attached_to(int number) { return number == kNamed ? volume_of(number, "first") : std::string{}; }

void change_one(const fs::path& top, const Report& report, int number) {
  const fs::path store = top / "store";
  VolumeStore volumes = VolumeStore::open(store);
  ContainerStore containers = ContainerStore::open(store);
  const auto sync = [&](int stage) { do_stage(report, number, stage, [&] { sync_disk(top); }); };
  do_stage(report, number, kMade, [&] {
    for (const char* which : {"kept", "first", "second"}) (void)volumes.create(volume_of(number, which));
  });
  do_stage(report, number, kLaunched, [&] {
    (void)Container::launch({.argv = {"sleep", "100000"},
                             .mounts = MountSet{VolumeMount{volume_of(number, "kept"), "/kept"}},
                             .out = Stdio::null(),
                             .err = Stdio::null(),
                             .lifetime = Lifetime::Detached,
                             .name = name_of(number),
                             .remove_on_exit = false,
                             .store = store});
  });
  sync(kSynced);
  Container container = containers.get(name_of(number));
  do_stage(report, number, kAttached, [&] { (void)container.attach(VolumeMount{attached_to(number), "/more"}); });
  sync(kAttachSynced);
  do_stage(report, number, kReplaced, [&] {
    (void)container.replace("/more", VolumeMount{volume_of(number, "second"), "/more"});
  });
  sync(kReplaceSynced);
  do_stage(report, number, kDetached, [&] { container.detach("/more"); });
  sync(kDetachSynced);
  do_stage(report, number, kRemoved, [&] { containers.remove(name_of(number), true); });
}

void change(const fs::path& top, const Report& report) {
  for (const int number : {kNamed, kOwn}) change_one(top, report, number);
}

/// What a record may say is at "/more".
std::set<std::string> possible(int number, const Reached& reached) {
  struct Change {
    Stage made;
    Stage synced;
    std::string shown;
  };
  const std::array<Change, 4> changes{
      Change{kLaunched, kSynced, kNothing},
      Change{kAttached, kAttachSynced, number == kNamed ? attached_to(number) : std::string{"its own"}},
      Change{kReplaced, kReplaceSynced, volume_of(number, "second")}, Change{kDetached, kDetachSynced, kNothing}};
  std::set<std::string> shown;
  for (const Change& change : changes) {
    if (reached.surely(change.synced)) shown.clear();
    if (reached.maybe(change.made)) shown.insert(change.shown);
  }
  return shown;
}

/// What was left of them on a disk.
class LiveInspection {
 public:
  explicit LiveInspection(const fs::path& top)
      : root_{top / "store"}, volumes_{VolumeStore::open(root_)}, containers_{ContainerStore::open(root_)} {}

  void inspect(int number, const Reached& reached) {
    const auto all = containers_.list();  // which has those that are damaged, too
    const auto found = std::ranges::find(all, name_of(number), &ContainerInfo::name);
    if (found == all.end()) {
      say(number, !reached.surely(kSynced) || reached.maybe(kRemoved), "is not there");
    } else {
      inspect_found(number, reached, *found);
    }
    for (const char* which : {"kept", "first", "second"}) inspect_volume(number, reached, volume_of(number, which));
  }

  std::string end() {
    for (const ContainerInfo& info : containers_.list()) {
      complaints_.trying(info.name, [&] { containers_.remove(info.name, false); });
    }
    for (const Volume& volume : volumes_.list()) {
      complaints_.trying(volume.name(), [&] { volumes_.remove(volume.name()); });
    }
    const StoreReport report = check_store(root_, {.grace = std::chrono::seconds{0}});
    complaints_.require(report.is_clean(), report.to_string());
    return complaints_.text();
  }

 private:
  void say(int number, bool right, const std::string& what) {
    complaints_.require(right, name_of(number) + ": " + what);
  }

  void inspect_found(int number, const Reached& reached, const ContainerInfo& info) {
    say(number, reached.maybe(kLaunched), "is there");
    say(number, !reached.surely(kRemoved), "its removal was told");
    say(number, info.status != ContainerStatus::Running, "runs");
    const bool settled = reached.certain == reached.possible && reached.surely(kSynced) &&
                         (reached.certain - kSynced) % 2 == 0 && reached.certain <= kDetachSynced;
    if (info.id.empty()) return say(number, !settled, "its record is damaged");
    const auto at = [&](const char* target) {
      const auto mount = std::ranges::find(info.mounts, target, &ResolvedMount::target);
      return mount == info.mounts.end() ? std::string{kNothing} : mount->volume;
    };
    say(number, at("/kept") == volume_of(number, "kept"), "has another volume: " + at("/kept"));
    const std::string more = at("/more");
    const bool own = more != kNothing && more != volume_of(number, "first") && more != volume_of(number, "second");
    say(number, possible(number, reached).contains(own ? "its own" : more), "is shown " + more);
  }

  void inspect_volume(int number, const Reached& reached, const std::string& volume) {
    const auto found = volumes_.find(volume);
    say(number, found || !reached.surely(kMade), "its volume " + volume + " is gone");
    if (found) say(number, volumes_.users(volume).empty(), "its volume " + volume + " is used");
  }

  fs::path root_;
  VolumeStore volumes_;
  ContainerStore containers_;
  Complaints complaints_;
};

std::string inspect_live(const fs::path& top, const Told& told) {
  if (!fs::exists(top / "store")) return told.before.find("done") == std::string::npos ? "" : "there is no store";
  LiveInspection inspection{top};
  for (const auto& [number, stages] : reached(told)) inspection.inspect(number, stages);
  return inspection.end();
}

}  // namespace

TEST_CASE("T-3: a record of mounts whose power was cut while they were changed has those before, after, or is damaged",
          "[crash][dropping]") {
  cut_recorded(change, 24, inspect_live);
}

}  // namespace dunnage::test
