// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is wrong with a volume, and repairing it.

#include <dunnage/volume.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/findings.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace dunnage::volume {

/// A volume that is being looked at. Whether it is the one of its name is asked afterwards: what was found of one that
/// was removed meanwhile says nothing.
struct LookedAt {
  const Layout& layout;
  std::string name;
  std::filesystem::path path;        ///< of its directory
  kernel::FileDescriptor directory;  ///< readable
  std::uint64_t inode = 0;
};

struct VolumeLook {
  std::chrono::milliseconds grace{};  ///< as in StoreCheck
  bool make_data = false;             ///< as StoreRepair::make_missing_data
};

/// Everything that is wrong with what is called `name` in `volumes/`. Changes nothing. The faults may be repaired
/// under a RepairLock, one after the other. Throws: CallError.
[[nodiscard]] StoreFaults faults_of_volume(const Layout& layout, const std::string& name, const VolumeLook& look);

/// The same of its metadata. Empty if it is whole, which is in `info` then.
[[nodiscard]] StoreFaults faults_of_metadata(const std::shared_ptr<const LookedAt>& volume,
                                             std::optional<VolumeInfo>& info);

}  // namespace dunnage::volume
