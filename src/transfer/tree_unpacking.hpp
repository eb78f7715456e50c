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

/// One archive.
struct UnpackedArchive {
  int file = -1;  ///< a regular file, read from its beginning; packed as its first bytes say
  image::WhiteoutNames whiteouts = image::WhiteoutNames::Layer;
  image::LayerStream::PackedDigest packed = image::LayerStream::PackedDigest::No;
  /// Gets each entry before it is made, and may change it, or refuse it by what it throws.
  std::function<void(image::Entry&)> check{};
};

struct UnpackedTree {
  std::string tar_digest;     ///< of the last archive, unpacked
  std::string packed_digest;  ///< of it as it is; empty unless it was asked for
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;  ///< of content, holes included
  image::UnpackLosses losses{};
};

/// All of it throws: image::Fault, kernel::CallError, LaunchError, what `check` and the progress throw.
class TreeUnpacking {
 public:
  /// \param tree  an empty directory of this user's, readable \param identity, limits, watching  outlive this
  TreeUnpacking(int tree, const launcher::Identity& identity, const ImageLimits& limits, image::Watching& watching)
      : limits_{limits}, watching_{watching}, writer_{tree, identity, limits, image::Mask::Host} {}

  /// \return what has come of all of them so far, but for the losses
  const UnpackedTree& add(const UnpackedArchive& archive);
  /// Gives directories and owners what they have to have. Nothing may be added afterwards.
  [[nodiscard]] UnpackedTree settle();

 private:
  const ImageLimits& limits_;
  image::Watching& watching_;
  image::TreeWriter writer_;
  UnpackedTree unpacked_;
};

}  // namespace dunnage::transfer
