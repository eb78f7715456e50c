// SPDX-License-Identifier: Apache-2.0
// What is known of a volume is changed, whoever else changes it meanwhile, and nothing of it is lost.

#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>
#include <dunnage/store_check.hpp>

#include "volume/listing.hpp"
#include "volume/metadata.hpp"
#include "volume/use.hpp"
#include "volume/volume_store_access.hpp"

#include <cstdint>
#include <fstream>
#include <iterator>

using namespace dunnage;
using test::entries_of;
using test::message_of;
using test::TemporaryStore;
using volume::VolumeUse;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

std::error_code code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error.code();
  }
  return {};
}

/// Metadata with one more member, as another version of the library may write it.
void add_member(const std::filesystem::path& file, const std::string& member) {
  std::string body = text_of(file);
  body = body.substr(body.find('\n') + 1);
  body.insert(body.rfind('}'), "," + member);
  std::string text = "{\"checksum\":\"00000000\",\n" + body;
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : body) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ (0xedb88320U & (0U - (crc & 1U)));
  }
  char digits[9];
  std::snprintf(digits, sizeof digits, "%08x", crc ^ 0xffffffffU);
  text.replace(text.find("00000000"), 8, digits);
  std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}

/// Makes an index that later listings use.
void make_index(const VolumeStore& store) {
  (void)volume::list_volumes(VolumeStoreAccess::layout(store), {}, {.settled = volume::Settled::NotRequired});
  REQUIRE(volume::VolumeIndex::read(VolumeStoreAccess::layout(store), false));
}

}  // namespace

TEST_CASE("labels are set and removed, and everybody sees it but who had a handle", "[volume][update]") {
  TemporaryStore temporary;
  const Volume before = temporary.store.create("v", {.labels = {{"tier", "silver"}, {"old", "1"}}});
  temporary.store.create("w");
  make_index(temporary.store);
  const Volume after =
      temporary.store.update("v", {.labels = {{"tier", "gold"}, {"new", ""}}, .remove_labels = {"old", "never"}});
  const Labels wanted{{"tier", "gold"}, {"new", ""}};
  CHECK(after.labels() == wanted);
  CHECK(temporary.store.get("v") == after);
  CHECK(VolumeStore::open(temporary.root).list({.labels = {{"tier", "gold"}}}).at(0) == after);
  CHECK(temporary.store.list({.labels = {{"tier", "silver"}}}).empty());
  CHECK(before.labels() == Labels{{"tier", "silver"}, {"old", "1"}});
  CHECK(after.info().created_at == before.info().created_at);
  CHECK(temporary.store.check({.grace = std::chrono::milliseconds{0}}).is_clean());
  CHECK(entries_of(temporary.root / "staging").empty());
}

TEST_CASE("a change that changes nothing writes nothing", "[volume][update]") {
  TemporaryStore temporary;
  temporary.store.create("v", {.labels = {{"a", "b"}}});
  const auto file = temporary.root / "volumes/v/metadata";
  const auto written = std::filesystem::last_write_time(file);
  temporary.store.update("v", {.labels = {{"a", "b"}}, .driver_options = DriverOptions{}, .protect = false});
  CHECK(std::filesystem::last_write_time(file) == written);
}

TEST_CASE("what another version noted of a volume stays when this one changes it", "[volume][update]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  const auto file = temporary.root / "volumes/v/metadata";
  add_member(file, R"("quota":{"bytes":4096,"of":["a",null]})");
  REQUIRE(temporary.store.get("v").labels().empty());
  temporary.store.update("v", {.labels = {{"a", "ä\n"}}, .protect = true});
  temporary.store.update("v", {.protect = false});
  CHECK(text_of(file).find(R"("quota":{"bytes":4096,"of":["a",null]})") != std::string::npos);
  CHECK(text_of(file).find("protected") == std::string::npos);
  CHECK(temporary.store.get("v").labels() == Labels{{"a", "ä\n"}});
}

TEST_CASE("an access mode that only a newer version knows is neither ignored nor repaired", "[volume][update]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  const auto file = temporary.root / "volumes/v/metadata";
  add_member(file, R"("access":"by-turns")");
  const std::string text = text_of(file);
  CHECK(code_of([&] { (void)temporary.store.get("v"); }) == errc::not_supported);
  CHECK(code_of([&] { temporary.store.update("v", {.protect = true}); }) == errc::not_supported);
  const auto report = temporary.store.repair({.grace = std::chrono::milliseconds{0}});
  REQUIRE(report.findings.size() == 1);
  CHECK(report.findings[0].kind == StoreFinding::Kind::Newer);
  CHECK(text_of(file) == text);
}

TEST_CASE("options of the driver and the access mode change while nobody uses the volume, labels always",
          "[volume][update]") {
  TemporaryStore temporary;
  temporary.store.create("v");
  const DriverOptions memory{{"type", "tmpfs"}, {"device", "tmpfs"}};
  {
    const auto use = VolumeUse::acquire(temporary.root, "v", "c1", "web");
    CHECK(temporary.store.update("v", {.labels = {{"a", "b"}}, .protect = true}).info().is_protected);
    CHECK(temporary.store.update("v", {.driver_options = DriverOptions{}, .access = AccessMode::Shared}).name() == "v");
    CHECK(message_of([&] { temporary.store.update("v", {.driver_options = memory}); }) ==
          "cannot update volume \"v\": used by container \"web\": the volume is in use [EBUSY]; stop it first");
    CHECK(code_of([&] { temporary.store.update("v", {.access = AccessMode::Exclusive}); }) == errc::volume_in_use);
    CHECK(temporary.store.get("v").info().driver_options.empty());
  }
  const Volume volume = temporary.store.update("v", {.driver_options = memory, .access = AccessMode::Exclusive});
  CHECK(volume.info().driver_options == memory);
  CHECK(temporary.store.get("v").info().access == AccessMode::Exclusive);
  make_index(temporary.store);
  CHECK(temporary.store.list().at(0) == volume);
}

TEST_CASE("what cannot be is refused, and changes nothing", "[volume][update]") {
  TemporaryStore temporary;
  const Volume volume = temporary.store.create("v", {.labels = {{"a", "b"}}});
  CHECK(code_of([&] { temporary.store.update("none", {.protect = true}); }) == errc::volume_missing);
  CHECK(code_of([&] { temporary.store.update("v", {.labels = {{"x", "\xff"}}}); }) == errc::invalid_argument);
  CHECK(code_of([&] {
          temporary.store.update("v", {.labels = {{"x", ""}}, .remove_labels = {"x"}});
        }) == errc::invalid_argument);
  CHECK(code_of([&] {
          temporary.store.update("v", {.driver_options = DriverOptions{{"size", "1"}}});
        }) == errc::not_supported);
  CHECK(code_of([&] {
          temporary.store.update("v", {.labels = {{"com.docker.volume.anonymous", ""}}});
        }) == errc::invalid_argument);
  const Volume anonymous = temporary.store.create_anonymous();
  CHECK(code_of([&] { temporary.store.update(anonymous.name(), {.protect = true}); }) == errc::invalid_argument);
  CHECK(code_of([&] { temporary.store.create_anonymous("", {.protect = true}); }) == errc::invalid_argument);
  CHECK(temporary.store.get("v") == volume);
}

TEST_CASE("a plan of an update tells what would change, and is refused when that has changed", "[volume][update]") {
  TemporaryStore temporary;
  temporary.store.create("v", {.labels = {{"tier", "silver"}}});
  const auto plan =
      temporary.store.plan_update("v", {.labels = {{"tier", "gold"}},
                                        .driver_options = DriverOptions{{"type", "tmpfs"}, {"device", "tmpfs"}},
                                        .protect = true});
  CHECK(plan.to_string() ==
        "label tier: \"silver\" -> \"gold\"\noption device: none -> \"tmpfs\"\noption type: none -> \"tmpfs\"\n"
        "protected: \"no\" -> \"yes\"\n");
  CHECK(plan.needs_no_users());
  CHECK(temporary.store.get("v").labels() == Labels{{"tier", "silver"}});
  temporary.store.update("v", {.labels = {{"else", "1"}}});
  CHECK(code_of([&] { (void)plan.apply(); }) == std::errc::resource_unavailable_try_again);
  const auto again = temporary.store.plan_update("v", {.protect = true});
  CHECK(
      again.to_json() ==
      R"({"Volume":"v","NeedsNoUsers":false,"Changes":[{"What":"protected","Before":"no","After":"yes"}],"Costs":[]})");
  CHECK(again.apply().info().is_protected);
  CHECK(temporary.store.plan_update("v", {.protect = true}).to_string() == "nothing would change\n");
}

TEST_CASE("processes that change one volume at once lose nothing of what the others did", "[volume][update]") {
  constexpr int kProcesses = 4;
  constexpr int kChanges = 15;
  TemporaryStore temporary;
  temporary.store.create("v");
  std::vector<pid_t> processes;
  for (int process = 0; process < kProcesses; ++process) {
    processes.push_back(test::start_process([&temporary, process] {
      VolumeStore store = VolumeStore::open(temporary.root);
      for (int change = 0; change < kChanges; ++change) {
        store.update("v", {.labels = {{std::to_string(process) + "." + std::to_string(change), ""}}});
      }
    }));
  }
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
  CHECK(temporary.store.get("v").labels().size() == kProcesses * kChanges);
  CHECK(entries_of(temporary.root / "staging").empty());
}

TEST_CASE("a protected volume is removed by nothing until that is taken off", "[volume][protected]") {
  TemporaryStore temporary;
  CHECK(temporary.store.create("db", {.protect = true}).info().is_protected);
  CHECK(message_of([&] { temporary.store.remove("db"); }) ==
        "cannot remove volume \"db\": the volume is protected [EPERM]; take the protection off with update() (volume "
        "update --unprotect) first");
  CHECK(code_of([&] { temporary.store.remove("db", {.keep = std::chrono::hours{1}}); }) == errc::volume_protected);
  const PruneResult pruned = temporary.store.prune(true);
  CHECK(pruned.removed.empty());
  REQUIRE(pruned.kept.size() == 1);
  CHECK(pruned.kept[0].second == "it is protected; take that off with update() (volume update --unprotect)");
  CHECK(to_json(temporary.store.get("db").info()).find("\"Protected\":true") != std::string::npos);
  temporary.store.update("db", {.protect = false});
  temporary.store.remove("db");
  CHECK_FALSE(temporary.store.find("db"));
}

TEST_CASE("protection outlives damage of the metadata, which is repaired with it", "[volume][protected][check]") {
  TemporaryStore temporary;
  temporary.store.create("db", {.labels = {{"a", "b"}}, .protect = true});
  make_index(temporary.store);
  const auto file = temporary.root / "volumes/db/metadata";
  std::string text = text_of(file);
  std::ofstream{file, std::ios::binary | std::ios::trunc}
      << text.replace(text.find("created_at\":\"20"), 14, "created_at\":\"19");
  CHECK(code_of([&] { (void)temporary.store.get("db"); }) == errc::volume_damaged);
  CHECK(code_of([&] { temporary.store.remove("db"); }) == errc::volume_protected);
  (void)temporary.store.repair({.grace = std::chrono::milliseconds{0}});
  CHECK(temporary.store.get("db").info().is_protected);
  CHECK(temporary.store.get("db").labels() == Labels{{"a", "b"}});
}

TEST_CASE("an index that is older than a change is not what a volume is repaired from", "[volume][update][check]") {
  TemporaryStore temporary;
  temporary.store.create("v", {.labels = {{"of", "before"}}});
  make_index(temporary.store);
  temporary.store.update("v", {.labels = {{"of", "after"}}});
  std::ofstream{temporary.root / "volumes/v/metadata", std::ios::trunc} << "damaged";
  (void)temporary.store.repair({.grace = std::chrono::milliseconds{0}});
  CHECK(temporary.store.get("v").labels().empty());  // lost, and not the former ones
}
