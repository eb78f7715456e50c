// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The tar archive in a blob: unpacked and digested by a thread of its own while another one reads it.

#include <dunnage/image_store.hpp>

#include "image/unpack/block_queue.hpp"
#include "image/unpack/compression.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace dunnage::image {

/// Called now and then with the bytes of the blob that were read since the last call. What it throws ends the stream.
using Advance = std::function<void(std::uint64_t)>;

class LayerStream {
 public:
  /// Whether the bytes of the blob are digested as they are, too.
  enum class PackedDigest { No, Yes };

  /// \param blob  a regular file, open until this has gone
  LayerStream(int blob, Compression compression, const ImageLimits& limits, Advance advance,
              PackedDigest packed = PackedDigest::No);
  LayerStream(const LayerStream&) = delete;
  LayerStream& operator=(const LayerStream&) = delete;
  ~LayerStream();

  /// The next block, valid until the next call; empty at the end.
  /// Throws: Fault(image_invalid, limit_exceeded), CallError, what `advance` throws.
  [[nodiscard]] std::string_view next() { return queue_.pop(); }
  /// The digest of all of it, after next() came to the end.
  [[nodiscard]] std::string diff_id();
  /// After diff_id(): the digest of the blob as it was read; empty unless it was asked for.
  [[nodiscard]] const std::string& packed_digest() const noexcept { return packed_digest_; }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }

 private:
  void run(int blob, Compression compression) noexcept;
  void fill(int blob, Compression compression);
  void check_size(std::uint64_t taken) const;

  const ImageLimits& limits_;
  Advance advance_;
  BlockQueue queue_;
  PackedDigest packed_;
  std::string diff_id_;
  std::string packed_digest_;
  std::uint64_t size_ = 0;
  std::thread thread_;
};

}  // namespace dunnage::image
