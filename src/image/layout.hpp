// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where images lie in a store.
///
///     <store>/images/oci-layout, index.json, blobs/sha256/HEX   an OCI image layout
///     <store>/images/lock                                       held while index.json or blobs/ change
///     <store>/images/staging/HEX/                               work in progress; its maker holds `lock` in it
///     <store>/images/trees/IDS/HEX/{tree/,lock,below}           a layer unpacked once, by chain id
///     <store>/images/changes/CONTAINER/{upper/,work/,lock,kept}   what a container changes of its image; with a limit
///                                                                 in `limited/` (limited_changes.hpp)
///     <store>/images/ahead/HEX/{upper/,work/,lock}                a place for changes that waits for its container
///     <store>/images/mounts/CONTAINER.N                         who mounts an image; locked as long as it does
///
/// What is removed goes through the store's trash. All of it is closed to other users, and checked at each opening.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace dunnage::image {

/// The part of an open store that holds images. Immutable after it was made, so any thread may use it.
struct Layout {
  volume::Layout store;
  std::filesystem::path path;     ///< <store>/images
  kernel::FileDescriptor images;  ///< readable, so that it can be synced
  kernel::FileDescriptor blobs;   ///< <store>/images/blobs/sha256, likewise

  [[nodiscard]] kernel::FileDescriptor open_staging() const;
  [[nodiscard]] kernel::FileDescriptor open_trees() const;
  [[nodiscard]] kernel::FileDescriptor open_changes() const;
  [[nodiscard]] kernel::FileDescriptor open_ahead() const;  ///< made if it is missing
  [[nodiscard]] kernel::FileDescriptor open_trash() const { return store.open_trash(); }
};

/// Opens the images of a store, making what is missing of it.
/// Throws: VolumeError(store_unusable), ImageError with the errno of what failed.
[[nodiscard]] Layout open_layout(const std::filesystem::path& store_root);

/// The same if they are there; makes nothing.
[[nodiscard]] std::optional<Layout> open_existing_layout(const std::filesystem::path& store_root);

}  // namespace dunnage::image
