// SPDX-License-Identifier: Apache-2.0
// The power is cut: what a disk holds at one instant is all that is left. What was acknowledged before is there, what
// was not is there as a whole or not at all.
//
// DUNNAGE_CRASH_FILE_SYSTEMS="ext4 xfs btrfs" says on which, DUNNAGE_CRASHES how often.

#include "crash/bench.hpp"
#include "crash/power_cuts.hpp"
#include "crash/told_stages.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <dunnage/image_store.hpp>
#include <dunnage/volume_store.hpp>

#include <fstream>
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

std::string inspect(const fs::path& root, const Told& told) {
  Complaints complaints;
  const VolumeStore volumes = VolumeStore::open(root);
  std::set<std::string> there;
  std::vector<std::string> damaged;
  for (const Volume& volume : volumes.list({}, damaged)) {
    there.insert(volume.name());
    complaints.require("v" + volume.labels().at("of") == volume.name(), volume.name() + " has other labels");
    complaints.require(fs::is_directory(volume.mountpoint()), volume.name() + " has no data");
  }
  for (const std::string& name : damaged) complaints.require(false, name + " is damaged");
  for (const char* place : {"staging", "trash"}) {
    complaints.require(fs::is_empty(root / place), std::string{place} + " is not empty");
  }
  ImageStore images = ImageStore::open(root);
  complaints.require(images.damaged().empty(), "an image is damaged");
  std::istringstream lines{told.before};
  for (std::string line; std::getline(lines, line);) {
    const std::string number = line.substr(1);
    const bool found = line[0] == 't' ? images.find("tag:" + number).has_value() : there.contains("v" + number);
    const bool stays = line[0] == 't' || std::stoi(number) % 3 != 0;
    if (line[0] == '-' || stays) complaints.require(found == (line[0] != '-'), "not as was told: " + line);
  }
  complaints.trying("unpack", [&] { images.unpack("base:1"); });
  return complaints.text();
}

void import_base(const fs::path& root, const fs::path& scratch) {
  fs::create_directories(scratch / "root/etc");
  std::ofstream{scratch / "root/etc/name"} << "base";
  (void)ImageStore::open(root).import(scratch / "root", "base:1");
}

void cut(const std::string& kind, std::size_t times) {
  cut_power(kind, times,
            {.prepare =
                 [](const CutDisk& disk, std::size_t round) {
                   if (round == 0) import_base(store_on(disk.mount().top()), disk.beside());
                 },
             .works = [](std::size_t round) -> std::vector<CutDisk::Work> {
               return {[first = static_cast<int>(round) * 100'000 + 1](const fs::path& top, const Report& report) {
                 keep_busy(store_on(top), first, report);
               }};
             },
             .inspect = [](const fs::path& top, const Told& told) { return inspect(store_on(top), told); }});
}

}  // namespace

TEST_CASE("T-3: what was acknowledged before the power was cut is there, and the rest is whole or not there",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs")) return;
  for (const std::string& kind : kinds_of_disks()) cut(kind, crashes_of_each(4));
}

}  // namespace dunnage::test
