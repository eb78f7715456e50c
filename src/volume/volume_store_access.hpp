// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the layers above may know of an open store.

#include <dunnage/volume_store.hpp>

#include "volume/layout.hpp"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace dunnage {

struct VolumeStore::State {
  State(volume::Layout opened, bool writes)
      : layout{std::move(opened)},
        volumes{std::make_shared<const std::string>(layout.volumes_path())},
        may_write{writes} {}

  volume::Layout layout;
  std::shared_ptr<const std::string> volumes;  ///< the directory of all of them, for their handles
  bool may_write;                              ///< not if the store was opened to look at it

  void distrust_index(const std::string& name) const noexcept;
};

class VolumeStoreAccess {
 public:
  /// Lives as long as the store or one of its copies.
  [[nodiscard]] static const volume::Layout& layout(const VolumeStore& store) noexcept { return store.state_->layout; }

  /// The store at `root` if there is one; makes and sweeps nothing. Throws as VolumeStore::open().
  [[nodiscard]] static std::optional<VolumeStore> open_existing(const std::filesystem::path& root);
};

}  // namespace dunnage
