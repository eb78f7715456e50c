// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How archives are packed.

#include <string>
#include <string_view>

namespace dunnage::image {

enum class Compression { None, Gzip, Zstd, Bzip2, Xz, Lz4 };

/// How a file that begins so is packed.
[[nodiscard]] Compression compression_of(std::string_view head) noexcept;

/// The same for the blob of a layer, which may be plain, or packed by gzip or zstd. Decided by the content, as other
/// engines do, for media types lie. \param head  the first bytes of the blob; \param media_type  has to be one of a
/// layer, or empty Throws: Fault(not_supported).
[[nodiscard]] Compression compression_of(std::string_view head, const std::string& media_type);

}  // namespace dunnage::image
