// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of check() and repair() share: a store of which one volume is damaged.

#include <dunnage/store_check.hpp>

#include "support/tree.hpp"
#include "unit/volume_support.hpp"

#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::test {

/// Nobody else uses the store of a test, so what is left over is so at once.
inline constexpr StoreCheck kAtOnce{.grace = std::chrono::milliseconds{0}};
inline constexpr StoreRepair kRepairAtOnce{.grace = std::chrono::milliseconds{0}};

inline void overwrite(const std::filesystem::path& file, std::string_view text) {
  std::ofstream{file, std::ios::binary | std::ios::trunc} << text;
}

inline std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

inline Volume make_volume(VolumeStore& store, const std::string& name) {
  Volume volume = store.create(name, {.labels = {{"of", name}}});
  std::filesystem::create_directory(volume.mountpoint() / "deep");
  std::ofstream{volume.mountpoint() / "deep/precious"} << "data of " << name;
  return volume;
}

/// Something that is done to the directory of a volume, and what is to be said of it.
struct VolumeDamage {
  const char* what;
  std::function<void(const std::filesystem::path& volume)> make;
  const char* file;     ///< of the volume, where it is found; empty: the volume itself
  const char* problem;  ///< a part of the sentence
  bool repairable = true;
  bool has_data = true;
};

inline void replace_by(const std::filesystem::path& path, const std::string& kind) {
  std::filesystem::remove_all(path);
  if (kind == "link") std::filesystem::create_symlink("/etc/hostname", path);
  if (kind == "link to a directory") std::filesystem::create_directory_symlink("/etc", path);
  if (kind == "directory") std::filesystem::create_directory(path);
  if (kind == "file") overwrite(path, "nothing of a volume's");
  if (kind == "fifo") REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
}

inline std::string damaged_byte(std::string text) {
  text[text.size() / 2] = static_cast<char>(text[text.size() / 2] ^ 4);
  return text;
}

inline std::vector<VolumeDamage> damages_of_metadata() {
  namespace fs = std::filesystem;
  return {
      {"a byte", [](const fs::path& v) { overwrite(v / "metadata", damaged_byte(content_of(v / "metadata"))); },
       "metadata", "its checksum is wrong"},
      {"cut off", [](const fs::path& v) { fs::resize_file(v / "metadata", 60); }, "metadata", "its checksum is wrong"},
      {"empty", [](const fs::path& v) { fs::resize_file(v / "metadata", 0); }, "metadata", "it is empty"},
      {"huge", [](const fs::path& v) { fs::resize_file(v / "metadata", 1 << 24); }, "metadata", "it is larger than"},
      {"missing", [](const fs::path& v) { fs::remove(v / "metadata"); }, "metadata", "it is missing"},
      {"a link", [](const fs::path& v) { replace_by(v / "metadata", "link"); }, "metadata", "a symbolic link"},
      {"a FIFO", [](const fs::path& v) { replace_by(v / "metadata", "fifo"); }, "metadata", "a FIFO"},
      {"a directory", [](const fs::path& v) { replace_by(v / "metadata", "directory"); }, "metadata", "a directory"},
      {"of another",
       [](const fs::path& v) { overwrite(v / "metadata", content_of(v.parent_path() / "other/metadata")); }, "metadata",
       "it belongs to volume \"other\""},
  };
}

inline std::vector<VolumeDamage> damages_beside_metadata() {
  namespace fs = std::filesystem;
  return {
      {"no lock", [](const fs::path& v) { fs::remove(v / "lock"); }, "lock", "its lock file is missing"},
      {"lock a link", [](const fs::path& v) { replace_by(v / "lock", "link"); }, "lock", "a symbolic link"},
      {"lock a FIFO", [](const fs::path& v) { replace_by(v / "lock", "fifo"); }, "lock", "a FIFO"},
      {"lock a directory", [](const fs::path& v) { replace_by(v / "lock", "directory"); }, "lock", "a directory"},
      {"users a file", [](const fs::path& v) { replace_by(v / "users", "file"); }, "users", "a file"},
      {"users a link", [](const fs::path& v) { replace_by(v / "users", "link to a directory"); }, "users",
       "a symbolic link"},
      {"users a FIFO", [](const fs::path& v) { replace_by(v / "users", "fifo"); }, "users", "a FIFO"},
      {"no data", [](const fs::path& v) { fs::remove_all(v / "_data"); }, "_data", "its data is gone", false, false},
      {"data a link", [](const fs::path& v) { replace_by(v / "_data", "link to a directory"); }, "_data",
       "a symbolic link", false, false},
      {"data a file", [](const fs::path& v) { replace_by(v / "_data", "file"); }, "_data", "a file", false, false},
      {"open to others", [](const fs::path& v) { fs::permissions(v, fs::perms{0755}); }, "", "its mode is 0755"},
      {"closed to its owner", [](const fs::path& v) { fs::permissions(v, fs::perms{0400}); }, "", "its mode is 0400"},
  };
}

inline std::vector<VolumeDamage> damages() {
  auto all = damages_of_metadata();
  for (auto& damage : damages_beside_metadata()) all.push_back(std::move(damage));
  return all;
}

/// A store of "victim", to which that has been done, and of "other" and "third".
struct DamagedStore : TemporaryStore {
  explicit DamagedStore(const VolumeDamage& damage) {
    for (const char* name : {"other", "third", "victim"}) make_volume(store, name);
    data = tree_of(victim / "_data");
    damage.make(victim);
  }
  ~DamagedStore() {
    std::error_code ignored;  // so that an ordinary user can delete it
    std::filesystem::permissions(victim, std::filesystem::perms{0700}, ignored);
  }

  std::filesystem::path victim = root / "volumes/victim";
  std::string data;  ///< of the victim, before it was damaged
};

inline std::vector<std::string> problems_of(const StoreReport& report) {
  std::vector<std::string> problems;
  for (const auto& finding : report.findings) problems.push_back(finding.name + ": " + finding.problem);
  return problems;
}

}  // namespace dunnage::test
