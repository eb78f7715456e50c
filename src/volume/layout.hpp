// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where things lie in a store.
///
///     <root>/version        "1"; locked by whoever changes a volume, see index.hpp
///     <root>/volumes/NAME/  metadata  metadata.lock  lock  _data/  users/CONTAINER  last-user
///                         limit  usage          if it has one, or was measured: see limited_data.hpp, usage.hpp
///     <root>/volumes/NAME/snapshots/SNAPSHOT/  metadata  lock  _data/
///     <root>/staging/HEX/   a volume in the making; its maker holds `lock` in it, or HEX.lock beside it
///     <root>/trash/HEX      removed; whoever comes by deletes it
///     <root>/trash/HEX.kept removed; holds files this user cannot delete without the container's ids
///     <root>/retained/      removed and kept for a while, see retained.hpp
///     <root>/volume-index/  a cache for listings, see index.hpp
///     <root>/volume-renames which names volumes had, see renames.hpp
///     <root>/repair.lock    held while a store is repaired, see repair.hpp
///     <root>/containers/    belongs to the layer of containers
///
/// A repair keeps what was damaged as NAME.damaged-N beside it; nobody ever looks at that.
///
/// All of it is closed to other users (0700), and is checked to be so at each opening.

#include "kernel/file_descriptor.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::volume {

inline constexpr const char* kDataName = "_data";
inline constexpr const char* kLockName = "lock";
inline constexpr const char* kMetadataName = "metadata";
inline constexpr const char* kUsersName = "users";

/// An open store. Immutable after it was made, so any thread may use it.
struct Layout {
  std::filesystem::path path;      ///< absolute, without a slash at its end
  kernel::FileDescriptor root;     ///< readable, so that it can be synced
  kernel::FileDescriptor volumes;  ///< likewise

  [[nodiscard]] kernel::FileDescriptor open_staging() const;
  [[nodiscard]] kernel::FileDescriptor open_trash() const;
  /// The directory of all volumes, with a slash at its end.
  [[nodiscard]] std::string volumes_path() const;
  [[nodiscard]] std::filesystem::path mountpoint(const std::string& name) const;
};

/// Where the data of a volume lies. \param volumes  as volumes_path() says
[[nodiscard]] std::filesystem::path mountpoint_in(const std::string& volumes, const std::string& name);

/// Opens a store, making what is missing of it, and sweeps what killed processes left.
/// Throws: VolumeError(store_unusable), VolumeError with the errno of what failed.
[[nodiscard]] Layout open_layout(const std::filesystem::path& root);

/// Opens a store if there is one; makes nothing. Throws as open_layout().
[[nodiscard]] std::optional<Layout> open_existing_layout(const std::filesystem::path& root);

/// The store as the host program names it, by its full path. Throws: VolumeError(store_unusable).
[[nodiscard]] std::filesystem::path full_path(const std::filesystem::path& root);

inline constexpr const char* kVersionName = "version";
inline constexpr int kStoreFormat = 1;

/// What a file `version` says: the number of a format. Nothing if it is damaged.
[[nodiscard]] std::optional<int> format_of(std::string_view text);

}  // namespace dunnage::volume
