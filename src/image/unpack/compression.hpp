// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How archives are packed.

#include <string>
#include <string_view>

namespace dunnage::image {

enum class Compression { None, Gzip, Zstd, Bzip2, Xz, Lz4 };

/// How a file is packed, by its first bytes. Throws: CallError.
[[nodiscard]] Compression compression_of(int file);

/// The same for the blob of a layer, which may be plain, or packed by gzip or zstd. Decided by the content, as other
/// engines do, for media types lie. \param media_type  has to be one of a layer, or empty
/// Throws: CallError, Fault(not_supported).
[[nodiscard]] Compression compression_of_layer(int blob, const std::string& media_type);

}  // namespace dunnage::image
