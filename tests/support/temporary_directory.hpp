// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A directory of the test's own, gone with the test.

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "dunnage-test.XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::system_error{errno, std::generic_category(), "mkdtemp " + name};
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    // What a container wrote may belong to ids that this user cannot remove; tests/support/as_user.sh sweeps then.
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

  /// Makes a file, and the directories above it. Returns its path.
  std::filesystem::path write(std::string_view relative, std::string_view text) const {
    const auto file = path_ / relative;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream{file, std::ios::binary} << text;
    return file;
  }
  /// Makes a directory, and those above it. Returns its path.
  std::filesystem::path make(std::string_view relative) const {
    const auto directory = path_ / relative;
    std::filesystem::create_directories(directory);
    return directory;
  }
  /// The text of a file; empty if there is none.
  [[nodiscard]] std::string read(std::string_view relative) const {
    std::ifstream stream{path_ / relative, std::ios::binary};
    return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
  }

 private:
  std::filesystem::path path_;
};

}  // namespace dunnage::test
