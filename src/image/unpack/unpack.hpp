// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One layer: from its blob to a tree.
///
///     LayerUnpacking layer{blob, media_type, tree, identity, limits, advance};
///     layer.run();                                   // in a thread of the library's own
///     if (layer.diff_id() != expected) …             // before anybody can see the tree
///     layer.settle(lowers, watch);

#include <dunnage/image_store.hpp>

#include "image/unpack/layer_stream.hpp"
#include "image/unpack/tree_writer.hpp"
#include "launcher/identity.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace dunnage::image {

class LayerUnpacking {
 public:
  /// \param blob  a regular file; \param tree  an empty directory of mode 0700, readable; both open until this has gone
  /// \param identity, limits  outlive this
  LayerUnpacking(int blob, std::string media_type, int tree, const launcher::Identity& identity,
                 const ImageLimits& limits, Advance advance);

  /// Reads all of the blob and makes all of the tree. The calling thread keeps a mask and a working directory of its
  /// own from here on: to be called in a thread that does nothing else.
  /// Throws: Fault(image_invalid, limit_exceeded, not_supported), CallError, what `advance` throws.
  void run();
  [[nodiscard]] const std::string& diff_id() const noexcept { return diff_id_; }
  /// Bytes of the archive.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

  /// Gives directories and owners what they have to have; see TreeWriter.
  void settle(std::span<const int> lowers, const Watch& watch) { writer_->settle(lowers, watch); }
  [[nodiscard]] const UnpackLosses& losses() const noexcept { return writer_->losses(); }

 private:
  int blob_;
  std::string media_type_;
  int tree_;
  const launcher::Identity& identity_;
  const ImageLimits& limits_;
  Advance advance_;
  std::unique_ptr<TreeWriter> writer_;
  std::string diff_id_;
  std::uint64_t size_ = 0;
};

}  // namespace dunnage::image
