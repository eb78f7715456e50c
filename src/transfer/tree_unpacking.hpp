// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A tar archive nobody vouches for, to a tree nobody sees yet.

#include <dunnage/image_store.hpp>

#include "image/unpack/entry.hpp"
#include "image/unpack/layer_stream.hpp"
#include "image/unpack/tree_writer.hpp"
#include "image/watching.hpp"
#include "launcher/identity.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace dunnage::transfer {

struct TreeUnpacking {
  int archive = -1;  ///< a regular file, read from its beginning; packed as its first bytes say
  int tree = -1;     ///< an empty directory of this user's, readable
  const launcher::Identity& identity;
  const ImageLimits& limits;
  image::WhiteoutNames whiteouts = image::WhiteoutNames::Layer;
  image::LayerStream::PackedDigest packed = image::LayerStream::PackedDigest::No;
  /// Gets each entry before it is made, and may change it, or refuse it by what it throws.
  std::function<void(image::Entry&)> check{};
};

struct UnpackedTree {
  std::string tar_digest;     ///< of the archive, unpacked
  std::string packed_digest;  ///< of the archive as it is; empty unless it was asked for
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< of content, holes included
  image::UnpackLosses losses{};
};

/// Throws: image::Fault, kernel::CallError, LaunchError, what `check` and the progress throw.
[[nodiscard]] UnpackedTree unpack_tree(const TreeUnpacking& unpacking, image::Watching& watching);

}  // namespace dunnage::transfer
