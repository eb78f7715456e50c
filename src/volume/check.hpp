// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Everything that is wrong with the volumes of a store, found, and repaired.

#include <dunnage/store_report.hpp>

#include "volume/findings.hpp"
#include "volume/layout.hpp"

#include <filesystem>
#include <vector>

namespace dunnage::volume {

/// Held by who repairs a store: repairs of one store come one after the other. The kernel drops it with its process.
class RepairLock {
 public:
  /// Throws: CallError, with EBUSY if another repair does not end within a minute.
  explicit RepairLock(const Layout& layout);
  RepairLock(const RepairLock&) = delete;
  RepairLock& operator=(const RepairLock&) = delete;
  ~RepairLock();

 private:
  kernel::FileDescriptor lock_;
};

/// Of the store at `root`: its parts, volumes, staging, trash and index. Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> check_volumes(const std::filesystem::path& root, const StoreCheck& options);

/// The same, repaired. Throws: VolumeError.
[[nodiscard]] std::vector<StoreFinding> repair_volumes(const std::filesystem::path& root, const StoreRepair& options);

}  // namespace dunnage::volume
