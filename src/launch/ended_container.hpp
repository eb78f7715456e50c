// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container that has ended, for who wants its files.

#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/record_lock.hpp"
#include "kernel/file_descriptor.hpp"
#include "launch/launch.hpp"
#include "launcher/connection.hpp"

#include <filesystem>
#include <memory>
#include <vector>

namespace dunnage::launch {

/// Its files as it would find them if it were started: its root, with its binds, volumes and images. What is in memory
/// is empty then, and read-only, for it would go again. As long as this is there the container can neither be started
/// nor removed, nor can its volumes.
class EndedContainer {
 public:
  /// \return null if it runs. Throws: LaunchError(not_supported) that says why there is nothing to be had,
  /// std::invalid_argument for a damaged record, kernel::CallError, and as Container::launch().
  [[nodiscard]] static std::unique_ptr<EndedContainer> open(const container::Deed& deed,
                                                            const std::filesystem::path& store, int containers,
                                                            const container::Found& record);

  [[nodiscard]] int root() const noexcept { return root_.get(); }
  [[nodiscard]] const launcher::Connection& connection() const { return launch_->connection(); }
  /// Owned here.
  [[nodiscard]] std::vector<int> locks() const;

 private:
  explicit EndedContainer(int record) : lock_{record} {}

  container::RecordLock lock_;
  std::unique_ptr<Launch> launch_;
  kernel::FileDescriptor root_;
};

}  // namespace dunnage::launch
