// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which volumes a prune takes, and taking them.

#include <dunnage/prune_plan.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::volume {

/// A decision, and what it was made about.
struct PruneLook {
  PruneDecision decision;
  VolumeInfo info{};        ///< if it could be read
  std::uint64_t inode = 0;  ///< of its directory
  bool is_gone = false;     ///< there is no such volume, so there is nothing to decide
};

/// What can be said of a volume now. \param now  ages count back from there. Never throws CallError: what cannot be
/// looked at is damaged.
[[nodiscard]] PruneLook look_to_prune(const Layout& layout, const std::string& name, const PruneOptions& options,
                                      std::chrono::system_clock::time_point now);

/// Takes volumes away, with one sync for many of them.
class Removing {
 public:
  /// Throws: CallError.
  Removing(const Layout& layout, const RemoveOptions& options);

  /// Takes one that nobody uses out of the store. Throws: VolumeError, CallError.
  void take(const std::string& name);
  /// Makes sure that what was taken stays away, and deletes it if it is not kept. Throws: CallError, and it is back.
  void finish();

 private:
  void put_back() noexcept;

  const Layout& layout_;
  RemoveOptions options_;
  kernel::FileDescriptor place_;
  std::vector<std::pair<std::string, std::string>> taken_;  ///< names in the place, and of the volumes
};

}  // namespace dunnage::volume
