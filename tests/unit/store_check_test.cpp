// SPDX-License-Identifier: Apache-2.0
// What is damaged is told by name, and nothing else suffers.

#include "unit/store_check_support.hpp"
#include "unit/volume_index_support.hpp"

#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include "volume/metadata.hpp"
#include "volume/stage.hpp"
#include "volume/use.hpp"

#include <nlohmann/json.hpp>

using namespace dunnage;
using test::DamagedStore;
using test::damages;
using test::kAtOnce;
using test::message_of;
using test::names_of;
using test::overwrite;
using test::TemporaryStore;
using Names = std::vector<std::string>;
using Kind = StoreFinding::Kind;
using Part = StoreFinding::Part;

namespace {

/// Every verb on the other volumes, and those on all of them.
void check_that_others_work(VolumeStore& store) {
  for (const char* name : {"other", "third"}) {
    CHECK(store.get(name).labels() == Labels{{"of", name}});
    CHECK(test::content_of(store.get(name).mountpoint() / "deep/precious") == "data of " + std::string{name});
    CHECK(volume::VolumeUse::acquire(store.root(), name, "c1", "web").data_fd() >= 0);
    CHECK(store.users(name).empty());
  }
  Names listed = names_of(store.list());
  std::erase(listed, "victim");
  CHECK(listed == Names{"other", "third"});
  CHECK(store.list({.labels = {{"of", "other"}}}).size() == 1);
  listed = names_of(store.list({.in_use = false}));
  std::erase(listed, "victim");
  CHECK(listed == Names{"other", "third"});
  CHECK(store.list({.in_use = true}).empty());
  store.create("new");
  store.remove("new");
  store.create_anonymous();
  CHECK(store.prune().removed.size() == 1);
  CHECK(store.prune(false, {.in_use = false}).removed.empty());
  CHECK(ContainerStore::open(store.root()).list().empty());
}

}  // namespace

TEST_CASE("each kind of damage of a volume is found, by its name, and nothing else is", "[volume][check]") {
  for (const auto& damage : damages()) {
    CAPTURE(damage.what);
    const DamagedStore temporary{damage};
    const std::string before = test::tree_of(temporary.root);
    const StoreReport report = check_store(temporary.root);
    REQUIRE(report.findings.size() == 1);
    const StoreFinding& found = report.findings.front();
    CHECK(found.part == Part::Volume);
    CHECK(found.kind == Kind::Damage);
    CHECK(found.name == "victim");
    CHECK(found.path.lexically_relative(temporary.victim) == (*damage.file == '\0' ? "." : damage.file));
    CHECK_THAT(found.problem, Catch::Contains(damage.problem));
    CHECK(found.repairable == damage.repairable);
    CHECK_FALSE(found.remedy.empty());
    CHECK(found.repaired.empty());
    CHECK_FALSE(report.is_clean());
    CHECK(temporary.store.check() == report);
    CHECK(test::tree_of(temporary.root) == before);
  }
}

TEST_CASE("a damaged volume makes nothing else fail", "[volume][check]") {
  for (const auto& damage : damages()) {
    CAPTURE(damage.what);
    DamagedStore temporary{damage};
    check_that_others_work(temporary.store);
    VolumeStore opened = VolumeStore::open(temporary.root);
    check_that_others_work(opened);
    if (damage.has_data) {
      std::filesystem::permissions(temporary.victim, std::filesystem::perms{0700});
      CHECK(test::content_of(temporary.victim / "_data/deep/precious") == "data of victim");
    }
  }
}

TEST_CASE("damage at any byte of a volume's metadata is found", "[volume][check]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "victim");
  const auto file = temporary.root / "volumes/victim/metadata";
  const std::string whole = test::content_of(file);
  for (std::size_t at = 0; at < whole.size(); ++at) {
    CAPTURE(at);
    std::string text = whole;
    text[at] = static_cast<char>(text[at] ^ 1);
    overwrite(file, text);
    REQUIRE(test::problems_of(temporary.store.check()).size() == 1);
  }
  overwrite(file, whole);
  CHECK(temporary.store.check().findings.empty());
}

TEST_CASE("several damages are several findings, sorted by name", "[volume][check]") {
  TemporaryStore temporary;
  for (const char* name : {"c", "b", "a"}) test::make_volume(temporary.store, name);
  std::filesystem::remove(temporary.root / "volumes/c/lock");
  std::filesystem::remove(temporary.root / "volumes/a/metadata");
  std::filesystem::remove_all(temporary.root / "volumes/a/_data");
  CHECK(test::problems_of(temporary.store.check()) ==
        Names{"a: its data is gone: there is no data directory", "a: its metadata cannot be used: it is missing",
              "c: its lock file is missing, so it could be removed while it is used"});
}

TEST_CASE("a volume of a newer version is no damage, and is refused cleanly", "[volume][check]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "other");
  const auto directory = temporary.store.create("v").mountpoint().parent_path();
  // the checksum is zlib's crc32 of all after the first line
  const std::string newer =
      "{\"checksum\":\"540a0333\",\n\"version\":3,\"name\":\"v\",\"created_at\":\"2026-01-01T00:00:00Z\",\"labels\":{},"
      "\"anonymous\":false,\"owner\":\"\",\"more\":[{\"a\":[[1.5,null]]}]}\n";
  overwrite(directory / "metadata", newer);
  const StoreReport report = temporary.store.check();
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings.front().kind == Kind::Newer);
  CHECK_FALSE(report.findings.front().repairable);
  CHECK(temporary.store.repair(test::kRepairAtOnce) == report);
  CHECK(test::content_of(directory / "metadata") == newer);
  CHECK(message_of([&] { (void)temporary.store.get("v"); }) ==
        "cannot get volume \"v\": it has format 3, this library reads 2: not supported here [EOPNOTSUPP]; use a newer "
        "version of the library");
  CHECK(names_of(temporary.store.list()) == Names{"other"});
}

TEST_CASE("what is no volume is told, and left where it is", "[volume][check]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "other");
  const auto volumes = temporary.root / "volumes";
  std::filesystem::create_directory(volumes / "lost+found");
  test::replace_by(volumes / "a-link", "link to a directory");
  test::replace_by(volumes / "a-file", "file");
  test::replace_by(volumes / "a-fifo", "fifo");
  const std::string before = test::tree_of(volumes);
  const Names expected{"a-fifo: it is a FIFO, not a directory", "a-file: it is a file, not a directory",
                       "a-link: it is a symbolic link, not a directory",
                       "lost+found: no volume can be called that, and nothing ever looks at it"};
  CHECK(test::problems_of(temporary.store.check()) == expected);
  CHECK(test::problems_of(temporary.store.repair(test::kRepairAtOnce)) == expected);
  CHECK(test::tree_of(volumes) == before);
}

TEST_CASE("what killed processes left is told once it is old, and swept by a repair", "[volume][check]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "other");
  const std::string id(32, 'a');
  std::filesystem::create_directories(temporary.root / "staging" / id / "_data");
  overwrite(temporary.root / "staging" / id / "lock", "");
  overwrite(temporary.root / "staging/fill-v.lock", "");
  std::filesystem::create_directories(temporary.root / "trash" / id / "_data/deep");
  std::filesystem::create_directory(temporary.root / "volumes/other/users");
  overwrite(temporary.root / "volumes/other/users/dead", "{\"id\":\"dead\"}");
  CHECK(temporary.store.check().findings.empty());  // younger than a minute: somebody may be at it

  const StoreReport report = temporary.store.check(kAtOnce);
  CHECK(test::problems_of(report) ==
        Names{"other: container \"dead\" is noted as a user and has ended",
              id + ": a process that was killed was making it, and nobody goes on with it",
              "fill-v.lock: a process that was killed was making it, and nobody goes on with it",
              id + ": it was removed, and its space has not been given back"});
  for (const auto& finding : report.findings) CHECK(finding.kind == Kind::Leftover);
  CHECK(temporary.store.repair(test::kRepairAtOnce).is_clean());
  CHECK(temporary.store.check(kAtOnce).findings.empty());
  CHECK(test::entries_of(temporary.root / "staging").empty());
  CHECK(test::entries_of(temporary.root / "trash").empty());
}

TEST_CASE("what living users and makers hold is not left over", "[volume][check]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "other");
  const auto use = volume::VolumeUse::acquire(temporary.root, "other", "c1", "web");
  volume::Stage stage{VolumeStoreAccess::layout(temporary.store).open_staging()};
  const std::string before = test::tree_of(temporary.root);
  CHECK(test::problems_of(temporary.store.check(kAtOnce)) == Names{});
  CHECK(test::tree_of(temporary.root) == before);
  CHECK(temporary.store.users("other") == Names{"web"});
}

TEST_CASE("anonymous volumes whose container is gone are told and kept", "[volume][check]") {
  TemporaryStore temporary;
  const Volume orphan = temporary.store.create_anonymous("gone");
  const Volume wanted = temporary.store.create_anonymous("there");
  const Volume used = temporary.store.create_anonymous("gone");
  (void)temporary.store.create_anonymous();  // of nobody: somebody wanted it like that
  std::filesystem::create_directory(temporary.root / "containers/there");
  const auto use = volume::VolumeUse::acquire(temporary.root, used.name(), "c1", "web");
  CHECK(temporary.store.check().findings.empty());  // its container may be about to be launched
  const StoreReport report = temporary.store.check(kAtOnce);
  CHECK(test::problems_of(report) ==
        Names{orphan.name() + ": it is an anonymous volume of container \"gone\", which is gone"});
  CHECK(report.findings.front().kind == Kind::Leftover);
  CHECK(temporary.store.repair(test::kRepairAtOnce) == report);
  CHECK(temporary.store.find(orphan.name()));
}

TEST_CASE("a damaged index, or one that lies, is told and made anew", "[volume][check]") {
  using Damage = std::function<void(const std::filesystem::path&)>;
  const std::vector<Damage> damages{
      [](const auto& index) { overwrite(index / "list", test::damaged_byte(test::content_of(index / "list"))); },
      [](const auto& index) { std::filesystem::resize_file(index / "list", 0); },
      [](const auto& index) { test::replace_by(index / "list", "fifo"); },
      [](const auto& index) { overwrite(index / "changed", "N\4nameXXXX"); },
      [](const auto& index) { test::replace_by(index / "changed", "link"); },
      [](const auto& index) { std::filesystem::permissions(index, std::filesystem::perms{0777}); },
      [](const auto& index) { test::replace_by(index, "link to a directory"); },
  };
  for (std::size_t number = 0; number < damages.size(); ++number) {
    CAPTURE(number);
    TemporaryStore temporary;
    test::make_volume(temporary.store, "other");
    (void)test::list_with_index(temporary.store);
    REQUIRE(test::has_index(temporary.store));
    CHECK(temporary.store.check().findings.empty());
    damages[number](temporary.root / "volume-index");
    const StoreReport report = temporary.store.check();
    REQUIRE(report.findings.size() == 1);
    CHECK(report.findings.front().part == Part::Index);
    CHECK(names_of(temporary.store.list()) == Names{"other"});
    CHECK(temporary.store.repair().is_clean());
    CHECK(temporary.store.check().findings.empty());
    (void)test::list_with_index(temporary.store);
    CHECK(test::has_index(temporary.store));
  }
}

TEST_CASE("metadata that was rewritten by hand shows in a check of the index", "[volume][check]") {
  TemporaryStore temporary;
  const Volume volume = test::make_volume(temporary.store, "other");
  (void)test::list_with_index(temporary.store);
  VolumeInfo info = volume.info();
  info.labels["of"] = "somebody else";
  overwrite(temporary.root / "volumes/other/metadata", volume::encode_metadata(info).value());
  CHECK(test::problems_of(temporary.store.check()) ==
        Names{"volume-index: what it says of volume \"other\" is not what the volume's metadata says, so listings are "
              "wrong"});
  CHECK(temporary.store.repair().is_clean());
  CHECK(temporary.store.list().front().labels() == info.labels);
}

TEST_CASE("where there is no store nothing is found, and nothing made", "[volume][check]") {
  const test::TemporaryDirectory directory;
  CHECK(check_store(directory.path() / "store").findings.empty());
  CHECK(repair_store(directory.path() / "store").findings.empty());
  CHECK(test::entries_of(directory.path()).empty());
  CHECK_THROWS_AS(check_store(""), VolumeError);
}

TEST_CASE("a report is text for people and JSON for programs", "[volume][check]") {
  const StoreReport nothing;
  CHECK(nothing.is_clean());
  CHECK(nothing.to_string() == "Nothing is damaged, and nothing is left over.\n");
  CHECK(nothing.to_json() == R"({"Clean":true,"Findings":[]})");
  StoreReport report{.findings = {{.part = Part::Volume,
                                   .name = "db\x1b[2J",
                                   .path = "/s/volumes/db/lock",
                                   .problem = "its lock is a FIFO, not a file",
                                   .remedy = "repair() sets it aside",
                                   .repairable = true}}};
  CHECK(report.to_string() ==
        "volume \"db\\x1b[2J\": its lock is a FIFO, not a file\n    at: /s/volumes/db/lock\n"
        "    repair: repair() sets it aside\n1 finding: 1 cannot be used as they should be, 0 left over.\n");
  CHECK_FALSE(report.is_clean());
  report.findings.front().repaired = "it is gone";
  CHECK(report.is_clean());
  const auto json = nlohmann::json::parse(report.to_json());
  CHECK(json.at("Clean") == true);
  CHECK(json.at("Findings").at(0).at("Part") == "volume");
  CHECK(json.at("Findings").at(0).at("Kind") == "damage");
  CHECK(json.at("Findings").at(0).at("Repaired") == "it is gone");
}
