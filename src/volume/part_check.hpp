// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a store is made of: whether its directories are there and its user's alone, and which format it has.

#include "volume/findings.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <filesystem>
#include <optional>

namespace dunnage::volume {

struct PartCheck {
  StoreFaults faults;
  /// As far as it could be opened, to be looked into. Nothing if there is no store, or if it must not be looked into:
  /// it is somebody else's, or has a newer format.
  std::optional<Layout> layout;
  bool may_repair = true;  ///< not while it is unknown which format the store has
};

/// Changes nothing. The faults may be repaired under a RepairLock. \param root  as full_path() says; \param grace  as
/// in StoreCheck. Throws: CallError, VolumeError.
[[nodiscard]] PartCheck check_parts(const std::filesystem::path& root, std::chrono::milliseconds grace);

/// One directory that has to be there and private. \param path  of it
[[nodiscard]] StoreFaults fault_of_part(int parent, const char* name, const std::filesystem::path& path,
                                        StoreFinding::Part part);

}  // namespace dunnage::volume
