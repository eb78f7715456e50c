// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the tests of volumes share.

#include <dunnage/volume_store.hpp>

#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::test {

/// A store of the test's own.
struct TemporaryStore {
  TemporaryDirectory directory;
  std::filesystem::path root = directory.path() / "store";
  VolumeStore store = VolumeStore::open(root);
};

inline std::vector<std::string> names_of(const std::vector<Volume>& volumes) {
  std::vector<std::string> names;
  for (const Volume& volume : volumes) names.push_back(volume.name());
  return names;
}

/// The names in a directory, sorted.
inline std::vector<std::string> entries_of(const std::filesystem::path& directory) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{directory}) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The text of the exception that `work` throws.
template <typename Work>
std::string message_of(Work&& work) {
  try {
    work();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "nothing was thrown";
}

/// Runs `work` in a forked process. It must not use the test framework: what it throws is printed, and is status 1.
inline pid_t start_process(const std::function<void()>& work) {
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  if (pid != 0) return pid;
  try {
    work();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "in the forked process: %s\n", error.what());
    ::_exit(1);
  }
  ::_exit(0);
}

/// The wait status of a process made by start_process().
inline int wait_for(pid_t pid) {
  int status = -1;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

}  // namespace dunnage::test
