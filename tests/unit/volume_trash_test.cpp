// SPDX-License-Identifier: Apache-2.0
// Volumes that are removed and kept for a while come back whole when they are asked for, and at no other time.

#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/volume_trash.hpp>

#include "support/leak_guard.hpp"

#include <fstream>

using namespace dunnage;
using namespace std::chrono_literals;
using test::entries_of;
using test::message_of;
using test::TemporaryStore;

namespace {

std::error_code code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

void write(const Volume& volume, const std::string& text) { std::ofstream{volume.mountpoint() / "file"} << text; }

std::string read(const Volume& volume) {
  std::ifstream stream{volume.mountpoint() / "file"};
  std::string text;
  std::getline(stream, text);
  return text;
}

/// Renames every entry as if it had been removed long ago and its time were over.
void let_time_pass(const TemporaryStore& temporary) {
  const auto place = temporary.root / "retained";
  for (const std::string& name : entries_of(place)) {
    const auto first = name.find('.');
    const auto third = name.find('.', name.find('.', first + 1) + 1);
    std::filesystem::rename(place / name, place / (name.substr(0, first) + ".1000.2000" + name.substr(third)));
  }
}

}  // namespace

TEST_CASE("a volume that was removed to be kept comes back as it was", "[volume][trash]") {
  TemporaryStore temporary;
  const Volume before = temporary.store.create("v", {.labels = {{"a", "b"}}});
  write(before, "content");
  test::LeakGuard guard;
  const auto now = std::chrono::system_clock::now();
  temporary.store.remove("v", {.keep = 24h});
  CHECK_FALSE(temporary.store.find("v"));
  CHECK(temporary.store.list().empty());
  VolumeTrash trash = temporary.store.trash();
  const auto entries = trash.list();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "v");
  CHECK(entries[0].removed_at >= now);
  CHECK(entries[0].kept_until == entries[0].removed_at + 24h);
  CHECK(to_json(entries[0]).find("\"Name\":\"v\",\"RemovedAt\":\"20") != std::string::npos);
  const Volume after = temporary.store.get(trash.restore("v"));
  CHECK(after == before);
  CHECK(read(after) == "content");
  CHECK(trash.list().empty());
  guard.check();
  CHECK(temporary.store.check({.grace = 0ms}).is_clean());
}

TEST_CASE("a volume that is removed without being kept is gone at once", "[volume][trash]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  temporary.store.remove("v");
  temporary.store.create("w");
  temporary.store.remove("w", {.keep = 0s});
  CHECK(temporary.store.trash().list().empty());
  CHECK_FALSE(std::filesystem::exists(temporary.root / "retained"));
  CHECK(message_of([&] { temporary.store.trash().restore("w"); }) ==
        "cannot restore volume \"w\": it is not in the trash: no such volume [ENOENT]; look at what is there with "
        "trash().list() (volume trash ls)");
}

TEST_CASE("of several with one name the last comes back, or the one that is named", "[volume][trash]") {
  TemporaryStore temporary;
  for (const char* text : {"first", "second", "third"}) {
    write(temporary.store.create("v"), text);
    temporary.store.remove("v", {.keep = 24h});
  }
  VolumeTrash trash = temporary.store.trash();
  const auto entries = trash.list();
  REQUIRE(entries.size() == 3);
  CHECK(read(temporary.store.get(trash.restore("v"))) == "third");
  CHECK(code_of([&] { trash.restore("v"); }) == errc::volume_exists);
  const Volume other = temporary.store.get(trash.restore(entries[2].id, "w"));
  CHECK(read(other) == "first");
  CHECK(other.name() == "w");
  CHECK(temporary.store.get("w").mountpoint() == temporary.root / "volumes/w/_data");
  CHECK(test::names_of(temporary.store.list()) == std::vector<std::string>{"v", "w"});
  CHECK(code_of([&] { trash.restore("v", "not/a name"); }) == errc::invalid_argument);
  CHECK(code_of([&] { trash.restore("v", "w"); }) == errc::volume_exists);
  CHECK(trash.list().size() == 1);
  CHECK(temporary.store.check({.grace = 0ms}).is_clean());
}

TEST_CASE("what is over its time is deleted by whoever comes by, and never comes back", "[volume][trash]") {
  TemporaryStore temporary;
  write(temporary.store.create("v"), "content");
  temporary.store.remove("v", {.keep = 24h});
  SECTION("a listing does not show it") {
    let_time_pass(temporary);
    CHECK(temporary.store.trash().list().empty());
    CHECK(code_of([&] { temporary.store.trash().restore("v"); }) == errc::volume_missing);
  }
  SECTION("whoever opens the store") {
    (void)VolumeStore::open(temporary.root);
    CHECK(entries_of(temporary.root / "retained").size() == 1);  // its time is not over
    let_time_pass(temporary);
    (void)VolumeStore::open(temporary.root);
  }
  SECTION("whoever removes another one") {
    temporary.store.create("w");
    let_time_pass(temporary);
    temporary.store.remove("w");
  }
  SECTION("a check says so, and a repair does it") {
    let_time_pass(temporary);
    const auto report = temporary.store.check({.grace = 0ms});
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings[0].part == StoreFinding::Part::Trash);
    CHECK(temporary.store.repair({.grace = 0ms}).is_clean());
  }
  CHECK(entries_of(temporary.root / "retained").empty());
  CHECK(entries_of(temporary.root / "trash").empty());
}

TEST_CASE("the trash is emptied by name, by age and as a whole", "[volume][trash]") {
  TemporaryStore temporary;
  for (const char* name : {"a", "b", "c", "d"}) {
    temporary.store.create(name);
    temporary.store.remove(name, {.keep = 24h});
  }
  VolumeTrash trash = temporary.store.trash();
  trash.purge("b");
  CHECK(code_of([&] { trash.purge("b"); }) == errc::volume_missing);
  CHECK(trash.purge_older_than(1h).empty());
  CHECK(trash.list().size() == 3);
  CHECK(trash.empty() == 3);
  CHECK(trash.empty() == 0);
  CHECK(entries_of(temporary.root / "retained").empty());
  CHECK(entries_of(temporary.root / "trash").empty());
}

TEST_CASE("what nobody knows in the trash is found, and left alone", "[volume][trash][check]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  temporary.store.remove("v", {.keep = 24h});
  const std::vector<std::string> strange{"x",       "x.1.2",    "x.1.2.", "x.1.2..",
                                         "x.a.2.v", "x.1.-2.v", ".1.2.v", "x.99999999999999999999.2.v"};
  for (const std::string& name : strange) std::filesystem::create_directory(temporary.root / "retained" / name);
  CHECK(temporary.store.trash().list().size() == 1);
  const auto report = temporary.store.repair({.grace = 0ms});
  CHECK(report.findings.size() == strange.size());
  CHECK(temporary.store.trash().empty() == 1);
  CHECK(entries_of(temporary.root / "retained").size() == strange.size());
}

TEST_CASE("a trash that others can enter is refused", "[volume][trash][attack]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  temporary.store.remove("v", {.keep = 24h});
  std::filesystem::permissions(temporary.root / "retained", std::filesystem::perms::all);
  CHECK(code_of([&] { (void)temporary.store.trash().list(); }) == errc::store_unusable);
  CHECK(code_of([&] { (void)VolumeStore::open(temporary.root); }) == errc::store_unusable);
  CHECK(repair_store(temporary.root, {.grace = 0ms}).is_clean());
  CHECK(VolumeStore::open(temporary.root).trash().list().size() == 1);
}

TEST_CASE("a volume with damaged metadata is kept and comes back under its own name", "[volume][trash]") {
  TemporaryStore temporary;
  write(temporary.store.create("v"), "content");
  std::ofstream{temporary.root / "volumes/v/metadata", std::ios::trunc} << "damaged";
  temporary.store.remove("v", {.keep = 24h});
  VolumeTrash trash = temporary.store.trash();
  CHECK(code_of([&] { trash.restore("v", "w"); }) == errc::volume_damaged);
  CHECK(trash.restore("v") == "v");
  CHECK(temporary.store.damaged() == std::vector<std::string>{"v"});
  (void)temporary.store.repair({.grace = 0ms});
  CHECK(read(temporary.store.get("v")) == "content");
}

TEST_CASE("of processes that bring one volume back at once one does, whatever names they give it", "[volume][trash]") {
  TemporaryStore temporary;
  for (int round = 0; round < 10; ++round) {
    temporary.store.create("v");
    temporary.store.remove("v", {.keep = 24h});
    std::vector<pid_t> processes;
    for (const char* name : {"a", "b", "v"}) {
      processes.push_back(test::start_process([&temporary, name] {
        try {
          (void)VolumeStore::open(temporary.root).trash().restore("v", name);
        } catch (const VolumeError& error) {
          if (error.code() != errc::volume_missing) throw;
        }
      }));
    }
    for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
    std::vector<std::string> damaged;
    const auto volumes = temporary.store.list({}, damaged);
    CHECK(damaged.empty());
    REQUIRE(volumes.size() == 1);
    CHECK(temporary.store.trash().list().empty());
    temporary.store.remove(volumes[0].name());
  }
}
