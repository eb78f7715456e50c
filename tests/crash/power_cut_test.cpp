// SPDX-License-Identifier: Apache-2.0
// The power is cut: what a disk holds at one instant is all that is left. What was acknowledged before is there, what
// was not is there as a whole or not at all.
//
// DUNNAGE_CRASH_FILE_SYSTEMS="ext4 xfs btrfs" says on which, DUNNAGE_CRASHES how often.

#include "crash/bench.hpp"
#include "crash/cut_disk.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <dunnage/image_store.hpp>
#include <dunnage/volume_store.hpp>

#include <fstream>
#include <random>
#include <set>
#include <sstream>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

fs::path store_on(const fs::path& top) { return top / "store"; }

/// Makes volumes and names of images for ever, removes every third volume, and tells after each: "+4" or "-3".
[[noreturn]] void keep_busy(const fs::path& root, int first, const Report& report) {
  VolumeStore volumes = VolumeStore::open(root);
  ImageStore images = ImageStore::open(root);
  for (int number = first;; ++number) {
    const std::string text = std::to_string(number);
    (void)volumes.create("v" + text, {.labels = {{"of", text}}});
    report.tell("+" + text);
    if (number % 3 == 0) {
      volumes.remove("v" + text);
      report.tell("-" + text);
    }
    if (number % 8 == 0) {
      images.tag("base:1", "tag:" + text);
      report.tell("t" + text);
    }
  }
}

void check(const fs::path& root, const std::string& told) {
  const VolumeStore volumes = VolumeStore::open(root);
  std::set<std::string> there;
  std::vector<std::string> damaged;
  for (const Volume& volume : volumes.list({}, damaged)) {
    there.insert(volume.name());
    CHECK("v" + volume.labels().at("of") == volume.name());
    CHECK(fs::is_directory(volume.mountpoint()));
  }
  CHECK(damaged.empty());
  CHECK(fs::is_empty(root / "staging"));
  CHECK(fs::is_empty(root / "trash"));
  ImageStore images = ImageStore::open(root);
  CHECK(images.damaged().empty());
  std::istringstream lines{told};
  for (std::string line; std::getline(lines, line);) {
    const std::string number = line.substr(1);
    CAPTURE(line);
    if (line[0] == 't') CHECK(images.find("tag:" + number));
    if (line[0] == '-') CHECK(there.count("v" + number) == 0);
    if (line[0] == '+' && std::stoi(number) % 3 != 0) CHECK(there.count("v" + number) == 1);
  }
  CHECK_NOTHROW(images.unpack("base:1"));
}

void import_base(const fs::path& root, const fs::path& scratch) {
  fs::create_directories(scratch / "root/etc");
  std::ofstream{scratch / "root/etc/name"} << "base";
  (void)ImageStore::open(root).import(scratch / "root", "base:1");
}

void cut(const std::string& kind, std::size_t times) {
  CutDisk disk{kind, 310};
  import_base(store_on(disk.mount().top()), disk.beside());
  std::minstd_rand random{20240229};
  for (std::size_t round = 0; round < times; ++round) {
    CAPTURE(kind, round);
    const int first = static_cast<int>(round) * 100'000 + 1;
    const Told told =
        disk.cut_while({[&](const fs::path& top, const Report& report) { keep_busy(store_on(top), first, report); }},
                       1 + random() % 40);
    check(store_on(disk.mount_copy().top()), told.before);
  }
}

}  // namespace

TEST_CASE("T-3: what was acknowledged before the power was cut is there, and the rest is whole or not there",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs")) return;
  for (const std::string& kind : kinds_of_disks()) cut(kind, crashes_of_each(4));
}

}  // namespace dunnage::test
