// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The least that can be done: one clone3(2) that shares the memory of the caller, execve(2), wait. Nothing is
/// dropped, hidden, reported or cleaned up; a launcher cannot be faster than this.

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::bench {

struct FloorOptions {
  bool network = true;                         ///< a network namespace of its own, as the other five
  std::filesystem::path root{};                ///< change the root to it, with /proc in it; empty: mount nothing
  std::vector<std::filesystem::path> binds{};  ///< shown at m/0, m/1, ... of the root
};

/// Its members are what the clone reads; it may not be moved while launch() runs.
class Floor {
 public:
  /// `program` is the path in the root, if there is one.
  Floor(std::string program, FloorOptions options);

  /// Throws: std::system_error.
  void launch();

 private:
  static void child(void* self) noexcept;
  [[noreturn]] void run() const noexcept;

  std::string program_;
  FloorOptions options_;
  std::vector<std::string> targets_;
  std::vector<char> stack_;
};

}  // namespace dunnage::bench
