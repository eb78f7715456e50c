// SPDX-License-Identifier: Apache-2.0
// What is damaged is usable again, and no data is touched.

#include "unit/killed_process.hpp"
#include "unit/store_check_support.hpp"
#include "unit/volume_index_support.hpp"

#include <dunnage/error.hpp>

#include "volume/index_bytes.hpp"
#include "volume/use.hpp"

#include <sys/mman.h>
#include <sys/stat.h>

#include <atomic>
#include <new>
#include <stdexcept>
#include <thread>

using namespace dunnage;
using test::DamagedStore;
using test::kAtOnce;
using test::kRepairAtOnce;
using test::message_of;
using test::overwrite;
using test::TemporaryStore;
using Names = std::vector<std::string>;

namespace {

const test::VolumeDamage kDamagedByte = test::damages_of_metadata().front();

/// Everything of the other volumes.
std::string others_of(const DamagedStore& store) {
  return test::tree_of(store.root / "volumes/other") + test::tree_of(store.root / "volumes/third");
}

/// What a damaged file is called by now.
Names kept_in(const std::filesystem::path& volume) {
  Names kept = test::entries_of(volume);
  std::erase_if(kept, [](const std::string& name) { return name.find(".damaged-") == std::string::npos; });
  return kept;
}

}  // namespace

TEST_CASE("a repair makes each damaged volume usable, and touches no data", "[volume][repair]") {
  for (const auto& damage : test::damages()) {
    CAPTURE(damage.what);
    DamagedStore temporary{damage};
    const std::string before = others_of(temporary);
    const StoreReport found = temporary.store.check();
    const StoreReport report = repair_store(temporary.root);
    REQUIRE(report.findings.size() == 1);
    CHECK(report.is_clean() == damage.repairable);
    CHECK(report.findings.front().problem == found.findings.front().problem);
    CHECK(report.findings.front().repaired.empty() != damage.repairable);
    CHECK(others_of(temporary) == before);
    CHECK(temporary.store.check() == (damage.repairable ? StoreReport{} : found));
    CHECK(temporary.store.get("victim").name() == "victim");
    if (damage.repairable) {
      CHECK(test::tree_of(temporary.victim / "_data") == temporary.data);
      CHECK(volume::VolumeUse::acquire(temporary.root, "victim", "c1", "web").data_fd() >= 0);
      CHECK(test::content_of(temporary.store.get("victim").mountpoint() / "deep/precious") == "data of victim");
      const std::string after = test::tree_of(temporary.root / "volumes");
      CHECK(temporary.store.repair().findings.empty());  // a second one has nothing to do
      CHECK(test::tree_of(temporary.root / "volumes") == after);
      temporary.store.remove("victim");
    }
  }
}

TEST_CASE("labels come from the index where it knows them", "[volume][repair]") {
  for (const auto& damage : test::damages_of_metadata()) {
    CAPTURE(damage.what);
    TemporaryStore temporary;
    test::make_volume(temporary.store, "other");
    const VolumeInfo before = temporary.store
                                  .create("victim", {.labels = {{"of", "victim"}, {"more", "ü"}},
                                                     .driver_options = {{"type", "tmpfs"}, {"device", "tmpfs"}}})
                                  .info();
    // the index is believed if it is younger than the volume, by the clock of the disk
    std::this_thread::sleep_for(std::chrono::milliseconds{30});
    (void)test::list_with_index(temporary.store);
    REQUIRE(test::has_index(temporary.store));
    damage.make(temporary.root / "volumes/victim");
    CHECK_THROWS_AS(temporary.store.get("victim"), VolumeError);  // which the index is told
    const StoreReport report = temporary.store.repair();
    CHECK(report.is_clean());
    CHECK_THAT(report.findings.front().repaired, Catch::Contains("are from the index of the store"));
    CHECK(temporary.store.get("victim").info() == before);
    CHECK(temporary.store.list() == test::truth_of(temporary.store));
  }
}

TEST_CASE("an index that is older than the volume says nothing about it", "[volume][repair]") {
  TemporaryStore temporary;
  const VolumeInfo earlier = temporary.store.create("victim", {.labels = {{"of", "an earlier one"}}}).info();
  (void)test::list_with_index(temporary.store);
  temporary.store.remove("victim");
  temporary.store.create("victim", {.labels = {{"of", "this one"}}});
  // many a disk gives the inode of what was removed to what is made next
  const auto inode_of = [&](const char* path) {
    struct stat status {};
    REQUIRE(::stat((temporary.root / path).c_str(), &status) == 0);
    return status.st_ino;
  };
  volume::IndexWriter writer;
  writer.add(inode_of("volumes/victim"), earlier);
  overwrite(test::index_of(temporary.store),
            writer.finish({.boot = "another", .volumes = inode_of("volumes")}).value());
  kDamagedByte.make(temporary.root / "volumes/victim");
  const StoreReport report = temporary.store.repair();
  CHECK_THAT(report.findings.front().repaired, Catch::Contains("its labels are lost"));
  CHECK(temporary.store.get("victim").labels().empty());
  CHECK_FALSE(temporary.store.get("victim").info().anonymous);
  CHECK(test::content_of(temporary.root / "volumes/victim/metadata.damaged-1").size() > 100);
}

TEST_CASE("the creation time that is lost is that of the directory", "[volume][repair]") {
  TemporaryStore temporary;
  const auto created = temporary.store.create("victim").info().created_at;
  kDamagedByte.make(temporary.root / "volumes/victim");
  CHECK(temporary.store.repair().is_clean());
  const auto difference = temporary.store.get("victim").info().created_at - created;
  CHECK(std::chrono::abs(difference) < std::chrono::minutes{1});
}

TEST_CASE("a volume that was moved by hand keeps its labels, a copy does not", "[volume][repair]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "other");
  const auto volumes = temporary.root / "volumes";
  std::filesystem::copy(volumes / "other", volumes / "copied", std::filesystem::copy_options::recursive);
  std::filesystem::permissions(volumes / "copied", std::filesystem::perms{0700});
  CHECK(temporary.store.repair().is_clean());
  CHECK(temporary.store.get("copied").labels().empty());
  CHECK(temporary.store.get("other").labels() == Labels{{"of", "other"}});
  std::filesystem::rename(volumes / "other", volumes / "moved");
  CHECK(temporary.store.repair().is_clean());
  CHECK(temporary.store.get("moved").labels() == Labels{{"of", "other"}});
  CHECK(test::content_of(volumes / "moved/_data/deep/precious") == "data of other");
}

TEST_CASE("data that is gone is made empty only when that is asked for", "[volume][repair]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "victim");
  const auto data = temporary.root / "volumes/victim/_data";
  std::filesystem::remove_all(data);
  CHECK_FALSE(temporary.store.repair().is_clean());
  CHECK_FALSE(std::filesystem::exists(data));
  const StoreReport report = temporary.store.repair({.make_missing_data = true});
  CHECK(report.is_clean());
  CHECK_THAT(report.findings.front().repaired, Catch::Contains("is lost"));
  CHECK(std::filesystem::is_empty(data));
  CHECK(std::filesystem::status(data).permissions() == std::filesystem::perms{0755});
  for (const char* kind : {"file", "link to a directory"}) {
    test::replace_by(data, kind);
    CHECK_FALSE(temporary.store.repair({.make_missing_data = true}).is_clean());  // it may be somebody's
    CHECK(std::filesystem::symlink_status(data).type() != std::filesystem::file_type::directory);
  }
}

TEST_CASE("each repair keeps what it found damaged", "[volume][repair]") {
  TemporaryStore temporary;
  test::make_volume(temporary.store, "victim");
  const auto volume = temporary.root / "volumes/victim";
  for (const char* text : {"one", "two"}) {
    overwrite(volume / "metadata", text);
    CHECK(temporary.store.repair().is_clean());
  }
  CHECK(kept_in(volume) == Names{"metadata.damaged-1", "metadata.damaged-2"});
  CHECK(test::content_of(volume / "metadata.damaged-1") == "one");
  CHECK(test::content_of(volume / "metadata.damaged-2") == "two");
}

TEST_CASE("a volume in use is repaired without its user", "[volume][repair]") {
  DamagedStore temporary{{"nothing", [](const auto&) {}, "", ""}};
  const auto use = volume::VolumeUse::acquire(temporary.root, "victim", "c1", "web");
  kDamagedByte.make(temporary.victim);
  CHECK(temporary.store.repair(kRepairAtOnce).is_clean());
  CHECK(temporary.store.users("victim") == Names{"web"});
  CHECK_THROWS_AS(temporary.store.remove("victim"), VolumeError);
  // a lock that is none is left while somebody relies on the former one
  test::replace_by(temporary.victim / "lock", "directory");
  CHECK_FALSE(temporary.store.repair(kRepairAtOnce).is_clean());
  CHECK(std::filesystem::is_directory(temporary.victim / "lock"));
  CHECK(temporary.store.users("victim") == Names{"web"});
}

// Red without the lock of check.cpp: two of them find the damage, and the later one finds it gone when it acts.
TEST_CASE("repairs of one store at once do not disturb each other", "[volume][repair]") {
  constexpr int kProcesses = 4;
  void* memory = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  REQUIRE(memory != MAP_FAILED);
  auto& waiting = *new (memory) std::atomic<int>{0};
  for (int round = 0; round < 20; ++round) {
    DamagedStore temporary{round % 4 == 0 ? test::damages_beside_metadata().at(1) : kDamagedByte};
    waiting = 0;
    std::vector<pid_t> processes;
    for (int number = 0; number < kProcesses; ++number) {
      processes.push_back(test::start_process([&] {
        ++waiting;
        while (waiting < kProcesses) std::this_thread::yield();
        if (!repair_store(temporary.root, kRepairAtOnce).is_clean()) throw std::runtime_error{"not repaired"};
      }));
    }
    for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
    CHECK(temporary.store.check(kAtOnce).findings.empty());
    CHECK(kept_in(temporary.victim).size() == 1);  // one of them did it
  }
  (void)::munmap(memory, sizeof(std::atomic<int>));
}

TEST_CASE("a repair that is killed at any change leaves a state to go on from", "[volume][repair][crash]") {
  for (const auto& damage : {kDamagedByte, test::damages_of_metadata().at(4), test::damages_of_metadata().at(7),
                             test::damages_beside_metadata().at(1)}) {
    int change = 0;
    for (bool killed = true; killed; ++change) {
      DamagedStore temporary{damage};
      const std::string before = others_of(temporary);
      killed = test::killed_before_change(change, [&] { (void)repair_store(temporary.root, kRepairAtOnce); });
      CAPTURE(damage.what, change, killed);
      for (const auto& finding : check_store(temporary.root).findings) CHECK(finding.name == "victim");
      REQUIRE(others_of(temporary) == before);
      REQUIRE(test::tree_of(temporary.victim / "_data") == temporary.data);
      REQUIRE(repair_store(temporary.root, kRepairAtOnce).is_clean());
      CHECK(check_store(temporary.root, kAtOnce).findings.empty());
      CHECK(others_of(temporary) == before);
      CHECK(test::tree_of(temporary.victim / "_data") == temporary.data);
      CHECK(temporary.store.get("victim").name() == "victim");
      CHECK(kept_in(temporary.victim).size() <= 1);
      CHECK(test::entries_of(temporary.root / "staging").empty());
    }
    CHECK(change > 5);
  }
}

TEST_CASE("what lies behind a directory that was closed is repaired with it", "[volume][repair]") {
  DamagedStore temporary{kDamagedByte};
  std::filesystem::permissions(temporary.victim, std::filesystem::perms{0000});
  CHECK(temporary.store.check().findings.size() == 1);
  CHECK(temporary.store.repair().findings.size() == 2);
  CHECK(temporary.store.check().findings.empty());
  CHECK(test::tree_of(temporary.victim / "_data") == temporary.data);
}

TEST_CASE("a repair that cannot be written says so and harms nothing", "[volume][repair]") {
  DamagedStore temporary{kDamagedByte};
  std::filesystem::remove(temporary.root / "staging");
  test::replace_by(temporary.root / "staging", "file");
  const StoreReport report = repair_store(temporary.root);
  CHECK_FALSE(report.is_clean());
  REQUIRE(report.findings.size() == 2);
  CHECK(report.findings.front().problem == "it is a file, not a directory");
  CHECK_THAT(report.findings.back().remedy, Catch::StartsWith("repair() has failed: "));
  CHECK(kept_in(temporary.victim).empty());
  CHECK(test::content_of(temporary.victim / "_data/deep/precious") == "data of victim");
}
