// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of volumes' histories share.

#include <dunnage/volume_history.hpp>

#include "container/support.hpp"
#include "support/tree.hpp"

#include <sys/stat.h>
#include <sys/xattr.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace dunnage::test {

inline std::string read_text(const std::filesystem::path& file) {
  std::ifstream stream{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

inline void write_text(const std::filesystem::path& file, const std::string& text) {
  std::filesystem::create_directories(file.parent_path());
  std::ofstream stream{file, std::ios::binary | std::ios::trunc};
  stream << text;
  REQUIRE(stream.flush());
}

/// Something of everything a tree can have.
inline void make_tree(const std::filesystem::path& top) {
  write_text(top / "plain", "plain content");
  write_text(top / "deep/er/file", std::string(40'000, 'd'));
  write_text(top / "private", "for nobody else");
  ::chmod((top / "private").c_str(), 0600);
  ::chmod((top / "deep").c_str(), 01751);
  std::filesystem::create_symlink("../outside", top / "link");
  std::filesystem::create_hard_link(top / "plain", top / "deep/second-name");
  REQUIRE(::mkfifo((top / "fifo").c_str(), 0640) == 0);
  write_text(top / "holes", "begin");
  std::filesystem::resize_file(top / "holes", 3'000'000);
  std::filesystem::create_directory(top / "empty");
  (void)::setxattr((top / "plain").c_str(), "user.note", "value", 5, 0);  // not in every memory file system
}

/// A volume with something of everything in it.
struct FilledVolume {
  explicit FilledVolume(const Ground& ground) : store{ground.volumes()}, data{store.create("db").mountpoint()} {
    make_tree(data);
  }
  [[nodiscard]] VolumeHistory history() const { return store.history("db"); }

  VolumeStore store;
  std::filesystem::path data;
};

inline std::vector<std::string> entries_below(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace dunnage::test
