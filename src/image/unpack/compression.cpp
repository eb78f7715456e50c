// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/compression.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace dunnage::image {
namespace {

using namespace std::string_view_literals;

constexpr std::array kMediaTypes{
    "application/vnd.oci.image.layer.v1.tar"sv,
    "application/vnd.oci.image.layer.v1.tar+gzip"sv,
    "application/vnd.oci.image.layer.v1.tar+zstd"sv,
    "application/vnd.oci.image.layer.nondistributable.v1.tar"sv,
    "application/vnd.oci.image.layer.nondistributable.v1.tar+gzip"sv,
    "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd"sv,
    "application/vnd.docker.image.rootfs.diff.tar"sv,
    "application/vnd.docker.image.rootfs.diff.tar.gzip"sv,
    "application/vnd.docker.image.rootfs.diff.tar.zstd"sv,
    "application/vnd.docker.image.rootfs.foreign.diff.tar"sv,
    "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"sv,
};

constexpr std::array<std::pair<std::string_view, const char*>, 3> kOthers{{
    {"BZh"sv, "bzip2"},
    {"\xfd"
     "7zXZ\0"sv,
     "xz"},
    {"\x04\x22\x4d\x18"sv, "lz4"},
}};

bool begins(std::string_view head, std::string_view magic) { return head.substr(0, magic.size()) == magic; }

/// A frame of data, or one to be skipped, which may come first.
bool is_zstd(std::string_view head) {
  return begins(head, "\x28\xb5\x2f\xfd"sv) ||
         (head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50U &&
          head.substr(1, 3) == "\x2a\x4d\x18"sv);
}

}  // namespace

Compression compression_of(std::string_view head, const std::string& media_type) {
  if (!media_type.empty() && std::find(kMediaTypes.begin(), kMediaTypes.end(), media_type) == kMediaTypes.end()) {
    throw Fault{errc::not_supported, fmt::format("\"{}\" is not a kind of layer", error::printable(media_type)),
                "make the image with layers that are tar archives, packed by gzip, zstd or not at all"};
  }
  if (begins(head, "\x1f\x8b"sv)) {
    return Compression::Gzip;
  }
  if (is_zstd(head)) {
    return Compression::Zstd;
  }
  for (const auto& [magic, name] : kOthers) {
    if (begins(head, magic)) {
      throw Fault{errc::not_supported, fmt::format("it is packed by {}", name),
                  "pack it by gzip or zstd, or not at all"};
    }
  }
  return Compression::None;
}

}  // namespace dunnage::image
