// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the layers above may know of a store of containers.

#include <dunnage/container_store.hpp>

#include <filesystem>
#include <optional>

namespace dunnage {

class ContainerStoreAccess {
 public:
  /// The store at `root` if there is one; makes and sweeps nothing. Throws as ContainerStore::open().
  [[nodiscard]] static std::optional<ContainerStore> open_existing(const std::filesystem::path& root);
};

}  // namespace dunnage
