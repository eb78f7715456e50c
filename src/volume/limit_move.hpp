// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A volume that gets another limit, where its data has to move for that:
///
///     staging/ID/{limit-move,_data (new)}   volumes/NAME/{_data (old), metadata (old), limit (old)}   copied, synced
///     staging/ID/{limit-move,_data (new)}   volumes/NAME/{_data (old), metadata (old), limit (both)}  announced
///     staging/ID/{limit-move,_data (old)}   volumes/NAME/{_data (new), metadata (old), limit (both)}  exchanged
///     staging/ID/{limit-move,_data (old)}   volumes/NAME/{_data (new), metadata (new), limit (new)}   settled
///
/// The mark `limit` tells at each instant how the data that is there is held: limit_mark.hpp. What a killed process
/// leaves between the second and the fourth line is settled by whoever finds its stage, and before the data of the
/// volume is exchanged again.

#include <dunnage/volume.hpp>

#include "volume/deed.hpp"
#include "volume/layout.hpp"
#include "volume/limit_mark.hpp"
#include "volume/metadata_change.hpp"
#include "volume/stage.hpp"

#include <string>

namespace dunnage::volume {

/// Settles a move that was begun: metadata and mark say what holds the data that is there.
/// \param lock  of the metadata: who moves data holds it all the while
/// Throws: VolumeError(volume_damaged), CallError.
void settle_limit_move(const Layout& layout, const std::string& volume, int directory, const MetadataLock& lock);

/// Settles what a killed process was doing. \param directory  of its stage, which nobody holds
/// \return whether the stage is to be left alone, for another time
[[nodiscard]] bool finish_limit_move(const Layout& layout, int directory);

/// Data on its way under another limit. Nobody else uses the volume, or changes its metadata, meanwhile.
class DataMove {
 public:
  /// Copies it. Throws: as copy_within().
  DataMove(const Layout& layout, Deed deed, int directory, const VolumeInfo& before, const VolumeInfo& after,
           const Watch& watch);
  DataMove(const DataMove&) = delete;
  DataMove& operator=(const DataMove&) = delete;
  ~DataMove();

  /// Puts it, and what is known of it then, in the place of what is there. What was there is deleted.
  /// Throws: VolumeError, CallError, and all is as it was.
  void finish(const NewMetadata& metadata);

 private:
  void copy(const VolumeInfo& before, const VolumeInfo& after, const Watch& watch);
  void take_mark_back() noexcept;

  const Layout& layout_;
  Deed deed_;
  int directory_;
  Stage stage_;
  LimitMove move_;
};

}  // namespace dunnage::volume
