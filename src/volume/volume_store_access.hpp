// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the layers above may know of an open store.

#include <dunnage/volume_store.hpp>

#include "volume/layout.hpp"

#include <filesystem>
#include <optional>

namespace dunnage {

struct VolumeStore::State {
  volume::Layout layout;
};

class VolumeStoreAccess {
 public:
  /// Lives as long as the store or one of its copies.
  [[nodiscard]] static const volume::Layout& layout(const VolumeStore& store) noexcept { return store.state_->layout; }

  /// The store at `root` if there is one; makes and sweeps nothing. Throws as VolumeStore::open().
  [[nodiscard]] static std::optional<VolumeStore> open_existing(const std::filesystem::path& root);
};

}  // namespace dunnage
