// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/compression.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/layer_type.hpp"
#include "kernel/call_error.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <string_view>

namespace dunnage::image {
namespace {

using namespace std::string_view_literals;

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

/// A frame of zstd that is to be skipped may come first.
bool is_skippable(std::string_view head) {
  return head.size() >= 4 && (static_cast<unsigned char>(head[0]) & 0xf0U) == 0x50U &&
         head.substr(1, 3) == "\x2a\x4d\x18"sv;
}

Compression compression_of(std::string_view head) noexcept {
  for (const Magic& magic : kMagics) {
    if (head.starts_with(magic.head)) {
      return magic.compression;
    }
  }
  return is_skippable(head) ? Compression::Zstd : Compression::None;
}

}  // namespace

Compression compression_of(int file) {
  std::array<char, 8> head{};
  const ssize_t got = ::pread(file, head.data(), head.size(), 0);
  if (got < 0) {
    throw kernel::CallError{"read", errno};
  }
  return compression_of(std::string_view{head.data(), static_cast<std::size_t>(got)});
}

Compression compression_of_layer(int blob, const std::string& media_type) {
  const Compression compression = compression_of(blob);
  if (!media_type.empty() && !is_layer(media_type)) {
    throw Fault{errc::not_supported, fmt::format("\"{}\" is not a kind of layer", error::printable(media_type)),
                "make the image with layers that are tar archives, packed by gzip, zstd or not at all"};
  }
  if (compression == Compression::None || compression == Compression::Gzip || compression == Compression::Zstd) {
    return compression;
  }
  const auto magic = std::find_if(kMagics.begin(), kMagics.end(),
                                  [&](const Magic& other) { return other.compression == compression; });
  throw Fault{errc::not_supported, fmt::format("it is packed by {}", magic->name),
              "pack it by gzip or zstd, or not at all"};
}

}  // namespace dunnage::image
