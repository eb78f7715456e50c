// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The mounts of a floor, by the calls that are known to take the least time.

#include "kernel/file_descriptor.hpp"

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::bench {

struct FloorTree {
  enum class Way {
    Classic,   ///< mount(2) in a copy of the host's mounts, pivot_root(2)
    Template,  ///< the root with its binds was put together before, and is cloned by one open_tree(2) into an empty
               ///< mount namespace; what belongs to one container alone (/proc, /sys, /dev) is made for each
  };
  Way way = Way::Classic;
  std::filesystem::path root{};
  std::vector<std::filesystem::path> binds{};  ///< shown at m/0, m/1, ... of the root
};

class FloorMounts {
 public:
  FloorMounts() = default;
  /// Gives this process a mount namespace of its own, and puts the template together in it.
  explicit FloorMounts(const FloorTree& tree);

  /// In the clone. Classic: it has a new mount namespace already.
  void enter() const noexcept;
  [[nodiscard]] bool makes_namespace() const noexcept { return !tree_; }

 private:
  void bind_all() const noexcept;
  void leave_old_root() const noexcept;

  std::string root_;
  std::vector<std::string> sources_;
  std::vector<std::string> targets_;
  std::vector<std::string> masked_files_;
  std::vector<std::string> masked_directories_;
  std::vector<std::string> read_only_;
  std::string empty_directory_;
  kernel::FileDescriptor tree_;   ///< of the template
  kernel::FileDescriptor empty_;  ///< a mount namespace with nothing in it
};

}  // namespace dunnage::bench
