// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the examples share: a place to work in that is gone afterwards, sentences that have to be true, and the end of
/// what a container says.

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <unistd.h>

#include <array>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace example {

/// A directory of its own below the system's temporary directory, removed with all it holds.
class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "dunnage-example-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) {
      throw std::system_error{errno, std::generic_category(), "cannot make a temporary directory"};
    }
    path_ = name;
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  ~TemporaryDirectory() {
    std::error_code ignored;  // a destructor has nobody to tell
    std::filesystem::remove_all(path_, ignored);
  }

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Tells what has been seen, or ends the example if it was not so.
inline void check(bool so, const std::string& sentence) {
  if (!so) throw std::runtime_error{"NOT SO: " + sentence};
  std::cout << "  seen: " << sentence << std::endl;
}

/// What happens next.
inline void say(const std::string& sentence) { std::cout << sentence << std::endl; }

/// What a container writes to a pipe, to its end.
inline std::string read_all(int fd) {
  std::string text;
  std::array<char, 4096> buffer{};
  for (ssize_t count; (count = read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  return text;
}

/// Runs an example's body; an exception is told and makes the exit code 1.
template <typename Body>
int show(Body body) {
  try {
    return body();
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
  }
}

/// Shows an example in the directory named on its command line, or in one of its own.
template <typename Body>
int show_in_directory(int argc, char** argv, Body body) {
  return show([&] {
    if (argc > 1) return body(std::filesystem::path{argv[1]});
    const TemporaryDirectory directory;
    return body(directory.path());
  });
}

/// The same for an example about a store of volumes.
template <typename Body>
int show_in_store(int argc, char** argv, Body body) {
  return show([&] {
    if (argc > 1) return body(dunnage::VolumeStore::open(argv[1]));
    const TemporaryDirectory directory;
    return body(dunnage::VolumeStore::open(directory.path() / "store"));
  });
}

}  // namespace example
