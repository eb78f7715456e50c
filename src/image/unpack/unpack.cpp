// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/unpack.hpp"

#include "image/unpack/compression.hpp"
#include "image/unpack/tar_reader.hpp"
#include "kernel/call_error.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace dunnage::image {
namespace {

/// Gives this thread a mask of its own, so that a file is made with its mode by one call and the host keeps its mask.
Mask empty_mask() noexcept {
  if (::unshare(CLONE_FS) != 0) {
    return Mask::Host;
  }
  (void)::umask(0);
  return Mask::Empty;
}

Compression compression_of_blob(int blob, const std::string& media_type) {
  std::array<char, 8> head{};
  const ssize_t got = ::pread(blob, head.data(), head.size(), 0);
  if (got < 0) {
    throw kernel::CallError{"read", errno};
  }
  return compression_of({head.data(), static_cast<std::size_t>(got)}, media_type);
}

}  // namespace

LayerUnpacking::LayerUnpacking(int blob, std::string media_type, int tree, const launcher::Identity& identity,
                               const ImageLimits& limits, Advance advance)
    : blob_{blob},
      media_type_{std::move(media_type)},
      tree_{tree},
      identity_{identity},
      limits_{limits},
      advance_{std::move(advance)} {}

void LayerUnpacking::run() {
  writer_ = std::make_unique<TreeWriter>(tree_, identity_, limits_, empty_mask());
  LayerStream stream{blob_, compression_of_blob(blob_, media_type_), limits_, advance_};
  TarReader reader{stream, TarReader::Ending::Digested};
  for (Entry entry; reader.next(entry);) {
    writer_->add(entry, reader);
  }
  reader.finish();
  diff_id_ = stream.diff_id();
  size_ = stream.size();
}

}  // namespace dunnage::image
