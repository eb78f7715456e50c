// SPDX-License-Identifier: Apache-2.0
#include "image/layer_type.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace dunnage::image {
namespace {

struct LayerType {
  std::string_view media_type;
  std::string_view packing;
};

constexpr std::array kLayers{
    LayerType{kOciLayer, ""},
    LayerType{"application/vnd.oci.image.layer.v1.tar+gzip", "+gzip"},
    LayerType{"application/vnd.oci.image.layer.v1.tar+zstd", "+zstd"},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar", ""},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "+gzip"},
    LayerType{"application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", "+zstd"},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar", ""},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar.gzip", "+gzip"},
    LayerType{"application/vnd.docker.image.rootfs.diff.tar.zstd", "+zstd"},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar", ""},
    LayerType{"application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "+gzip"},
};

const LayerType* find_layer(std::string_view media_type) noexcept {
  const auto found = std::find_if(kLayers.begin(), kLayers.end(),
                                  [&](const LayerType& type) { return type.media_type == media_type; });
  return found == kLayers.end() ? nullptr : &*found;
}

}  // namespace

bool is_layer(std::string_view media_type) noexcept { return find_layer(media_type) != nullptr; }

std::string oci_layer(Compression compression) {
  const bool gzip = compression == Compression::Gzip;
  return std::string{kOciLayer} + (gzip ? "+gzip" : compression == Compression::Zstd ? "+zstd" : "");
}

std::string_view packing_of(std::string_view media_type) {
  if (const LayerType* found = find_layer(media_type)) {
    return found->packing;
  }
  throw Fault{errc::not_supported, fmt::format("a layer of type \"{}\"", error::printable(media_type)),
              "make the image with plain, gzip or zstd layers that are not encrypted"};
}

}  // namespace dunnage::image
