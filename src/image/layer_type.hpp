// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The media types of layers: those of OCI and of Docker, plain or packed.

#include "image/unpack/compression.hpp"

#include <string>
#include <string_view>

namespace dunnage::image {

inline constexpr std::string_view kOciLayer = "application/vnd.oci.image.layer.v1.tar";

/// Whether it is the type of a layer this library reads.
[[nodiscard]] bool is_layer(std::string_view media_type) noexcept;

/// "+gzip" or "+zstd" or nothing: how a layer of this type is packed.
/// Throws: Fault(not_supported) if it is not a layer.
[[nodiscard]] std::string_view packing_of(std::string_view media_type);

/// OCI's type of a layer that is packed so. \param compression  None, Gzip or Zstd
[[nodiscard]] std::string oci_layer(Compression compression);

}  // namespace dunnage::image
