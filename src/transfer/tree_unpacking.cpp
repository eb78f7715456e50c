// SPDX-License-Identifier: Apache-2.0
#include "transfer/tree_unpacking.hpp"

#include "image/unpack/compression.hpp"
#include "image/unpack/tar_reader.hpp"

namespace dunnage::transfer {

UnpackedTree unpack_tree(const TreeUnpacking& unpacking, image::Watching& watching) {
  UnpackedTree unpacked;
  image::TreeWriter writer{unpacking.tree, unpacking.identity, unpacking.limits, image::Mask::Host,
                           unpacking.whiteouts};
  image::LayerStream stream{unpacking.archive, image::compression_of(unpacking.archive), unpacking.limits,
                            [&watching](std::uint64_t) { watching.check(); }, unpacking.packed};
  image::TarReader reader{stream};
  for (image::Entry entry; reader.next(entry);) {
    if (unpacking.check) {
      unpacking.check(entry);
    }
    watching.at(entry.name, stream.size(), 0);
    writer.add(entry, reader);
    ++unpacked.entries;
    unpacked.bytes += entry.kind == image::Entry::Kind::File ? static_cast<std::uint64_t>(entry.size) : 0;
  }
  reader.finish();
  unpacked.tar_digest = stream.diff_id();
  unpacked.packed_digest = stream.packed_digest();
  writer.settle({}, watching.watch());
  unpacked.losses = writer.losses();
  return unpacked;
}

}  // namespace dunnage::transfer
