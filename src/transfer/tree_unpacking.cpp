// SPDX-License-Identifier: Apache-2.0
#include "transfer/tree_unpacking.hpp"

#include "image/failure.hpp"
#include "image/unpack/compression.hpp"
#include "image/unpack/tar_reader.hpp"

#include <utility>

namespace dunnage::transfer {

const UnpackedTree& TreeUnpacking::add(const UnpackedArchive& archive) {
  writer_.take_whiteouts_as(archive.whiteouts);
  image::LayerStream stream{archive.file, image::compression_of(archive.file), limits_,
                            [this](std::uint64_t) { watching_.check(); }, archive.packed};
  image::TarReader reader{stream};
  for (image::Entry entry; reader.next(entry);) {
    if (archive.check) {
      archive.check(entry);
    }
    watching_.at(entry.name, stream.size(), 0);
    writer_.add(entry, reader);
    ++unpacked_.entries;
    unpacked_.bytes += entry.kind == image::Entry::Kind::File ? static_cast<std::uint64_t>(entry.size) : 0;
  }
  reader.finish();
  unpacked_.tar_digest = stream.diff_id();
  if (stream.size() == 0) {  // to libarchive the first part of what is packed is the same as nothing
    throw image::malformed("there is nothing in it, or it is cut off");
  }
  unpacked_.packed_digest = stream.packed_digest();
  return unpacked_;
}

UnpackedTree TreeUnpacking::settle() {
  writer_.settle({}, watching_.watch());
  unpacked_.losses = writer_.losses();
  return std::move(unpacked_);
}

}  // namespace dunnage::transfer
