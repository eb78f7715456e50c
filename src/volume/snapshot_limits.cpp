// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshot_limits.hpp"

#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/metadata_change.hpp"
#include "volume/snapshots.hpp"

#include <fcntl.h>

namespace dunnage::volume {

void note_limits_of_snapshots(const Layout& layout, const Deed& deed, int directory) {
  for (const VolumeSnapshot& snapshot : list_snapshots(layout, deed.volume, directory)) {
    try {
      const OpenSnapshot opened = open_snapshot(layout, deed, directory, snapshot.name);
      if (!opened.says_limit) {
        NewMetadata{layout, snapshot_text(deed, opened.info)}.put(opened.directory.get());
      }
    } catch (const VolumeError& error) {
      if (error.code() != errc::snapshot_missing) {
        throw;
      }
    }
  }
}

}  // namespace dunnage::volume
