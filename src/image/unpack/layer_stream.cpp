// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/layer_stream.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/unpack/decompressor.hpp"
#include "kernel/quiet_thread.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace dunnage::image {
namespace {

/// Small layers of nothing but zeros are nothing to be afraid of.
constexpr std::uint64_t kAlwaysUnpacked = std::uint64_t{64} << 20U;

}  // namespace

LayerStream::LayerStream(int blob, Compression compression, const ImageLimits& limits, Advance advance,
                         PackedDigest packed)
    : limits_{limits}, advance_{std::move(advance)}, packed_{packed} {
  thread_ = kernel::start_quiet_thread([this, blob, compression] { run(blob, compression); });
}

LayerStream::~LayerStream() {
  queue_.close();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void LayerStream::run(int blob, Compression compression) noexcept {
  try {
    fill(blob, compression);
    queue_.end();
  } catch (...) {
    queue_.end(std::current_exception());
  }
}

void LayerStream::fill(int blob, Compression compression) {
  Sha256 packed;
  Decompressor decompressor{blob, compression, packed_ == PackedDigest::Yes ? &packed : nullptr};
  Sha256 sum;
  std::uint64_t taken = 0;
  while (char* block = queue_.room()) {
    const std::size_t got = decompressor.read(block, BlockQueue::kBlock);
    advance_(decompressor.taken() - std::exchange(taken, decompressor.taken()));
    if (got == 0) {
      diff_id_ = sum.digest();
      packed_digest_ = packed_ == PackedDigest::Yes ? packed.digest() : std::string{};
      return;
    }
    sum.add(block, got);
    size_ += got;
    check_size(taken);
    queue_.push(got);
  }
}

void LayerStream::check_size(std::uint64_t taken) const {
  if (size_ > limits_.bytes) {
    throw Fault{errc::limit_exceeded, fmt::format("it unpacks to more than {} bytes", limits_.bytes),
                "raise ImageLimits::bytes if it can be trusted"};
  }
  if (size_ > kAlwaysUnpacked && size_ / std::max<std::uint64_t>(limits_.ratio, 1) > taken) {
    throw Fault{errc::limit_exceeded, fmt::format("it unpacks to more than {} times its size", limits_.ratio),
                "raise ImageLimits::ratio if it can be trusted"};
  }
}

std::string LayerStream::diff_id() {
  thread_.join();
  return diff_id_;
}

}  // namespace dunnage::image
