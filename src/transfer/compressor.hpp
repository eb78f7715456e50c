// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Bytes to packed bytes, the same for the same input.

#include <dunnage/volume_archive.hpp>

#include "image/archive_writer_handle.hpp"

#include <cstddef>

#include <exception>
#include <functional>
#include <string_view>

namespace dunnage::transfer {

class Compressor {
 public:
  using Write = std::function<void(std::string_view)>;

  /// Throws: image::Fault(not_supported) if libarchive was built without it.
  Compressor(ArchiveCompression compression, Write write);
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  /// Throws: what `write` throws.
  void add(std::string_view bytes);
  void finish();

 private:
  void open(ArchiveCompression compression);
  void require(la_ssize_t result);
  static la_ssize_t supply(archive* writer, void* self, const void* data, std::size_t size) noexcept;

  Write write_;
  std::exception_ptr failure_;
  image::ArchiveWriterHandle writer_;  ///< empty: nothing is packed
};

}  // namespace dunnage::transfer
