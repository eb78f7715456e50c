// SPDX-License-Identifier: Apache-2.0
// A plan of a prune says of every volume what becomes of it and why, and takes nothing that has changed since.

#include "unit/volume_support.hpp"

#include <dunnage/prune_plan.hpp>

#include "volume/use.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <map>
#include <optional>

using namespace dunnage;
using namespace std::chrono_literals;
using test::entries_of;
using test::TemporaryStore;
using volume::VolumeUse;
using Names = std::vector<std::string>;
using Reason = PruneDecision::Reason;

namespace {

std::map<std::string, Reason> reasons_of(const PrunePlan& plan) {
  std::map<std::string, Reason> reasons;
  for (const PruneDecision& decision : plan) reasons[decision.volume] = decision.reason;
  return reasons;
}

const PruneDecision& decision_about(const PrunePlan& plan, const std::string& name) {
  const auto found = std::find_if(plan.begin(), plan.end(), [&](const auto& one) { return one.volume == name; });
  REQUIRE(found != plan.end());
  return *found;
}

/// As if the last use had been so long ago.
void let_time_pass(const TemporaryStore& temporary, const std::string& name, std::chrono::seconds time) {
  const auto then = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now() - time);
  const timespec times[2] = {{then, 0}, {then, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (temporary.root / "volumes" / name / "lock").c_str(), times, 0) == 0);
}

}  // namespace

TEST_CASE("a plan of a prune names a reason for each volume, and changes nothing", "[volume][prune]") {
  TemporaryStore temporary;
  VolumeStore& store = temporary.store;
  store.create("unused", {.labels = {{"x", ""}}});
  store.create("other");
  store.create("safe", {.labels = {{"x", ""}}, .protect = true});
  store.create("bound", {.labels = {{"x", ""}}, .driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}});
  store.create("broken");
  store.create("used", {.labels = {{"x", ""}}});
  std::filesystem::create_directories(temporary.root / "containers/web");
  const std::string owned = store.create_anonymous("web", {.labels = {{"x", ""}}}).name();
  std::ofstream{temporary.root / "volumes/broken/metadata", std::ios::trunc} << "damaged";
  const auto use = VolumeUse::acquire(temporary.root, "used", "c1", "shop");
  const auto plan = store.plan_prune({.all = true, .filter = {.labels = {{"x", std::nullopt}}}});
  CHECK(reasons_of(plan) == std::map<std::string, Reason>{{"unused", Reason::Unused},
                                                          {"other", Reason::Filtered},
                                                          {"safe", Reason::Protected},
                                                          {"bound", Reason::DriverOptions},
                                                          {"broken", Reason::Damaged},
                                                          {"used", Reason::InUse},
                                                          {owned, Reason::Owned}});
  CHECK(decision_about(plan, "used").users == Names{"shop"});
  CHECK(decision_about(plan, "used").words == "it is used by \"shop\"");
  CHECK(decision_about(plan, owned).words == "it belongs to container \"web\"");
  CHECK(plan.taken() == Names{"unused"});
  CHECK(plan.to_string().find("remove  unused  no container has ever used it\n") != std::string::npos);
  CHECK(plan.to_string().find("1 of 7 volumes would go\n") != std::string::npos);
  CHECK(plan.to_json().find(R"({"Name":"used","Action":"keep","Reason":"in-use","Words":"it is used by \"shop\"",)"
                            R"("Users":["shop"],)") != std::string::npos);
  CHECK(store.find("unused"));
  const PruneResult result = plan.apply();
  CHECK(result.removed == Names{"unused"});
  CHECK(result.kept.empty());
  CHECK(entries_of(temporary.root / "volumes").size() == 6);
  CHECK(reasons_of(store.plan_prune({}))["other"] == Reason::Named);
}

TEST_CASE("what has changed since the plan was made stays, with the reason", "[volume][prune]") {
  TemporaryStore temporary;
  VolumeStore& store = temporary.store;
  for (const char* name : {"again", "gone", "labelled", "protected", "untouched", "used"}) store.create(name);
  const auto plan = store.plan_prune({.all = true});
  CHECK(plan.taken().size() == 6);
  store.remove("again");
  store.create("again");
  store.remove("gone");
  store.create("late");
  store.update("labelled", {.labels = {{"a", "b"}}});
  store.update("protected", {.protect = true});
  const auto use = VolumeUse::acquire(temporary.root, "used", "c1", "shop");
  const PruneResult result = plan.apply();
  CHECK(result.removed == Names{"untouched"});
  REQUIRE(result.kept.size() == 4);
  CHECK(result.kept[0].first == "again");
  CHECK(result.kept[0].second == "it has been changed since the plan was made, or is another one");
  CHECK(result.kept[1].first == "labelled");
  CHECK(result.kept[2].second.starts_with("it is protected"));
  CHECK(result.kept[3].second == "it is used by \"shop\"");
  CHECK(store.find("late"));
}

TEST_CASE("a prune asks how long ago a volume was made, and used last", "[volume][prune]") {
  TemporaryStore temporary;
  VolumeStore& store = temporary.store;
  for (const char* name : {"long-unused", "lately-used", "never-used"}) store.create(name);
  (void)VolumeUse::acquire(temporary.root, "long-unused", "c1", "shop");
  (void)VolumeUse::acquire(temporary.root, "lately-used", "c2", "web");
  let_time_pass(temporary, "long-unused", 48h);
  let_time_pass(temporary, "never-used", 48h);
  const auto plan = store.plan_prune({.all = true, .unused_for = 24h});
  CHECK(reasons_of(plan) == std::map<std::string, Reason>{{"long-unused", Reason::Unused},
                                                          {"lately-used", Reason::UsedLately},
                                                          {"never-used", Reason::UsedLately}});
  CHECK(decision_about(plan, "never-used").words.starts_with("it was made, and never used, at 20"));
  CHECK(reasons_of(store.plan_prune({.all = true, .older_than = 1h}))["long-unused"] == Reason::TooYoung);
  CHECK(store.plan_prune({.all = true, .older_than = 0s, .unused_for = 0s}).taken().size() == 3);
  {
    const auto use = VolumeUse::acquire(temporary.root, "long-unused", "c1", "shop");
    CHECK(plan.apply().removed.empty());
  }
  CHECK(plan.apply().kept.at(0).second.starts_with("it was used at 20"));  // just now
  let_time_pass(temporary, "long-unused", 48h);
  CHECK(plan.apply().removed == Names{"long-unused"});
}

TEST_CASE("what a prune takes can be kept in the trash", "[volume][prune][trash]") {
  TemporaryStore temporary;
  for (const char* name : {"a", "b"}) temporary.store.create(name);
  const PruneResult result = temporary.store.plan_prune({.all = true, .removal = {.keep = 1h}}).apply();
  CHECK(result.removed == Names{"a", "b"});
  CHECK(temporary.store.list().empty());
  CHECK(entries_of(temporary.root / "retained").size() == 2);
}

TEST_CASE("a volume knows when it was used last, and by whom", "[volume][usage]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  CHECK(temporary.store.usage_history("v") == UsageHistory{});
  CHECK(to_json(UsageHistory{}) == R"({"LastUsed":null,"LastUser":"","Users":[]})");
  const auto before = std::chrono::system_clock::now() - 1s;  // the clock of files is behind by a tick
  auto locks = VolumeUse::acquire(temporary.root, "v", "c1", "web").release_locks();
  let_time_pass(temporary, "v", 1h);
  {
    const auto other = VolumeUse::acquire(temporary.root, "v", "c2", "shop");
    const UsageHistory history = temporary.store.usage_history("v");
    CHECK(history.users == Names{"shop", "web"});
    REQUIRE(history.last_used);
    CHECK(*history.last_used >= before);
    CHECK(history.last_user.empty());
  }
  locks.clear();
  const UsageHistory history = temporary.store.usage_history("v");
  CHECK(history.users.empty());
  CHECK(history.last_user == "web");
  CHECK(temporary.store.usage_history("v") == history);
}
