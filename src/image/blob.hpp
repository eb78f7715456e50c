// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Content of images by digest. What is in `blobs/` was whole and had its digest before it came there.
/// All of these throw CallError besides what they say.

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/layout.hpp"
#include "kernel/file_descriptor.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::image {

/// Largest manifest, index or configuration. Registries take no larger ones either.
inline constexpr std::size_t kMaxDocumentBytes = std::size_t{4} << 20U;

/// Opens a blob for reading. Throws: Fault(image_invalid) if it is not there or is not a regular file.
[[nodiscard]] kernel::FileDescriptor open_blob(const Layout& layout, const std::string& digest);

/// Whether the blob is there with this size. It was verified when it came.
[[nodiscard]] bool has_blob(const Layout& layout, const std::string& digest, std::uint64_t size);

/// A manifest or configuration, verified against its digest again.
/// Throws: Fault(image_invalid, digest_mismatch, limit_exceeded).
[[nodiscard]] std::string read_document(const Layout& layout, const std::string& digest);

/// Opens a regular file below `directory`, whatever has been planted there: a link or device is refused, a FIFO does
/// not block. \return empty if there is nothing of that name. Throws: Fault(image_invalid).
[[nodiscard]] kernel::FileDescriptor open_regular(int directory, const std::string& name);

/// All of an open file. Throws: Fault(limit_exceeded) if there is more than kMaxDocumentBytes.
[[nodiscard]] std::string read_document(int fd, const std::string& name);

[[nodiscard]] Fault wrong_digest(const std::string& expected, const std::string& found);

/// A blob on its way into a staging directory. Unless finished, its file goes with the directory.
class BlobWriter {
 public:
  /// \param directory  of a Stage, open all the while \param serial  of this blob in it
  BlobWriter(int directory, std::size_t serial);

  void write(std::string_view data);
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Names the file by its digest. \return the digest
  /// \param expected  digest it has to have; empty: any. Throws: Fault(digest_mismatch).
  std::string finish(const std::string& expected = {});

 private:
  int directory_;
  std::string name_;
  kernel::FileDescriptor file_;
  Sha256 sum_;
  std::uint64_t size_ = 0;
};

}  // namespace dunnage::image
