// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How the blob of a layer is packed.

#include <string>
#include <string_view>

namespace dunnage::image {

enum class Compression { None, Gzip, Zstd };

/// Decided by the content, as other engines do, for media types lie.
/// \param head  the first bytes of the blob; \param media_type  has to be one of a layer, or empty
/// Throws: Fault(not_supported).
[[nodiscard]] Compression compression_of(std::string_view head, const std::string& media_type);

}  // namespace dunnage::image
