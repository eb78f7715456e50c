// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A cgroup with limits of memory and processes for each launch, made the fastest way there is: a directory in each
/// hierarchy of version 1, which the child joins; one of version 2, which it is born into. Nothing is read back.

#include "kernel/file_descriptor.hpp"

#include <string>
#include <vector>

namespace dunnage::bench {

class FloorLimits {
 public:
  FloorLimits() = default;  ///< none
  /// Throws: std::system_error where no cgroup can be made.
  FloorLimits(unsigned long memory, unsigned long pids);

  [[nodiscard]] bool any() const noexcept { return !trees_.empty(); }
  void make();
  void remove() noexcept;
  /// What a clone is born into; -1: nothing.
  [[nodiscard]] int unified() const noexcept;
  /// In the child: joins what it was not born into, and leaves the namespace of its parent.
  void join() const noexcept;

 private:
  struct Write {
    std::string file;
    std::string value;
  };
  struct Tree {
    kernel::FileDescriptor group{};
    std::string name{};
    int base = -1;
    bool unified = false;
    std::vector<Write> writes{};
  };
  std::vector<Tree> trees_;
};

}  // namespace dunnage::bench
