// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/compression.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

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

struct Magic {
  std::string_view head;
  Compression compression;
  const char* name;
};

constexpr std::array kMagics{
    Magic{"\x1f\x8b"sv, Compression::Gzip, "gzip"},
    Magic{"\x28\xb5\x2f\xfd"sv, Compression::Zstd, "zstd"},
    Magic{"BZh"sv, Compression::Bzip2, "bzip2"},
    Magic{"\xfd"
          "7zXZ\0"sv,
          Compression::Xz, "xz"},
    Magic{"\x04\x22\x4d\x18"sv, Compression::Lz4, "lz4"},
};

bool begins(std::string_view head, std::string_view magic) { return head.substr(0, magic.size()) == magic; }

/// A frame of zstd that is to be skipped may come first.
bool is_skippable(std::string_view head) {
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50U &&
         head.substr(1, 3) == "\x2a\x4d\x18"sv;
}

}  // namespace

Compression compression_of(std::string_view head) noexcept {
  for (const Magic& magic : kMagics) {
    if (begins(head, magic.head)) {
      return magic.compression;
    }
  }
  return is_skippable(head) ? Compression::Zstd : Compression::None;
}

Compression compression_of(std::string_view head, const std::string& media_type) {
  if (!media_type.empty() && std::find(kMediaTypes.begin(), kMediaTypes.end(), media_type) == kMediaTypes.end()) {
    throw Fault{errc::not_supported, fmt::format("\"{}\" is not a kind of layer", error::printable(media_type)),
                "make the image with layers that are tar archives, packed by gzip, zstd or not at all"};
  }
  const Compression compression = compression_of(head);
  if (compression == Compression::None || compression == Compression::Gzip || compression == Compression::Zstd) {
    return compression;
  }
  const auto magic = std::find_if(kMagics.begin(), kMagics.end(),
                                  [&](const Magic& other) { return other.compression == compression; });
  throw Fault{errc::not_supported, fmt::format("it is packed by {}", magic->name),
              "pack it by gzip or zstd, or not at all"};
}

}  // namespace dunnage::image
