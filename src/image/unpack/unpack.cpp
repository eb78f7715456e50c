// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/unpack.hpp"

#include "image/unpack/compression.hpp"
#include "image/unpack/tar_reader.hpp"

#include <sched.h>
#include <sys/stat.h>

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
  LayerStream stream{blob_, compression_of_layer(blob_, media_type_), limits_, advance_};
  TarReader reader{stream, TarReader::Ending::Digested};
  for (Entry entry; reader.next(entry);) {
    writer_->add(entry, reader);
  }
  reader.finish();
  diff_id_ = stream.diff_id();
  size_ = stream.size();
}

}  // namespace dunnage::image
