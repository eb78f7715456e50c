// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is in the blob of a layer, unpacked.

#include "image/unpack/archive_handle.hpp"
#include "image/unpack/compression.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <vector>

namespace dunnage::image {

class Sha256;

/// Reads the regular file `blob` from its beginning to its end. Its memory is bounded, whatever is in there.
class Decompressor {
 public:
  /// \param blob  stays the caller's \param packed  gets every byte of the blob, and outlives this; may be null
  Decompressor(int blob, Compression compression, Sha256* packed = nullptr);
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;

  /// Fills `buffer`, except at the end. \return 0 at the end
  /// Throws: Fault(image_invalid) for what is truncated, damaged, or followed by something else; CallError.
  [[nodiscard]] std::size_t read(char* buffer, std::size_t size);

  /// Bytes of the blob that were read so far.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

 private:
  void open(Compression compression);
  std::size_t read_plain(char* buffer, std::size_t size);
  void check_end();
  [[noreturn]] void fail();
  static la_ssize_t supply(archive* reader, void* self, const void** block) noexcept;

  int blob_;
  Sha256* packed_;
  std::uint64_t taken_ = 0;
  std::uint64_t taken_at_output_ = 0;
  bool bounded_headers_ = false;
  bool empty_ = false;
  std::vector<char> input_;
  std::exception_ptr failure_;
  ArchiveHandle reader_;
};

}  // namespace dunnage::image
