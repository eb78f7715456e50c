// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_move.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/subvolume.hpp"
#include "volume/exchange_data.hpp"
#include "volume/exchange_note.hpp"
#include "volume/index.hpp"
#include "volume/limited_data.hpp"
#include "volume/metadata.hpp"
#include "volume/snapshot_content.hpp"
#include "volume/snapshot_limits.hpp"
#include "volume/update.hpp"

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace dunnage::volume {
namespace {

/// What is known of the volume has the limit that holds its data.
void put_limit(const Layout& layout, const std::string& volume, int directory, const HeldLimit& held,
               const MetadataLock& lock) {
  const ReadMetadata read = read_metadata(layout, kUpdateVolume, volume, directory);
  VolumeInfo after = read.info;
  take_limit(after, held);
  if (after == read.info) {
    return;
  }
  const auto text = encode_changed_metadata(read.text, after);
  if (!text) {
    throw kernel::CallError{"write metadata", EINVAL};
  }
  const NewMetadata metadata{layout, *text};
  lock.note_change();
  const VolumeChange change{layout, volume};
  metadata.put(directory);
}

}  // namespace

void settle_limit_move(const Layout& layout, const std::string& volume, int directory, const MetadataLock& lock) {
  if (const auto seen = limit_move_of(directory)) {
    put_limit(layout, volume, directory, seen->held(), lock);
    put_mark(layout, directory, seen->held().way);
  }
}

bool finish_limit_move(const Layout& layout, int directory) try {
  const auto note = read_exchange_note(directory, kLimitMoveName);
  const NotedVolume volume = note ? find_volume(layout, *note) : NotedVolume{};
  if (!volume.directory) {
    return false;
  }
  const MetadataLock lock{volume.directory.get(), std::chrono::seconds{0}};
  settle_limit_move(layout, volume.name, volume.directory.get(), lock);
  return false;
} catch (const kernel::CallError&) {
  return true;  // somebody changes it, or it cannot be done now
} catch (const VolumeError&) {
  return true;  // it waits for a repair
}

DataMove::DataMove(const Layout& layout, Deed deed, int directory, const VolumeInfo& before, const VolumeInfo& after,
                   const Watch& watch)
    : layout_{layout},
      deed_{std::move(deed)},
      directory_{directory},
      stage_{layout.open_staging()},
      move_{.before = {before.limit, before.limit_way}, .after = {after.limit, after.limit_way}} {
  try {
    copy(before, after, watch);
  } catch (...) {
    take_data_back(stage_);
    throw;
  }
}

DataMove::~DataMove() { take_data_back(stage_); }

void DataMove::copy(const VolumeInfo& before, const VolumeInfo& after, const Watch& watch) {
  {
    const auto content = open_limited_data(deed_, directory_, before.limit_way);
    (void)copy_within(layout_, deed_, content.get(), stage_, {after.limit, after.limit_way}, watch);
  }
  move_.data = identity_at(stage_.directory(), kDataName);
  write_exchange_note(
      stage_.directory(), kLimitMoveName,
      {.volume = deed_.volume, .volume_inode = kernel::identity_of_directory(directory_), .prepared = move_.data});
  kernel::sync(stage_.directory());
}

void DataMove::finish(const NewMetadata& metadata) {
  note_limits_of_snapshots(layout_, deed_, directory_);
  try {
    put_mark(layout_, directory_, move_);
    exchange_kept_data(deed_, stage_, directory_, {}, [&] {
      kernel::sync(directory_);
      kernel::sync(stage_.directory());
      metadata.put(directory_);
    });
  } catch (...) {
    take_mark_back();
    throw;
  }
  try {
    put_mark(layout_, directory_, move_.after.way);
  } catch (const kernel::CallError&) {  // it says the same with more words, until somebody settles it
    stage_.leave();
  }
}

void DataMove::take_mark_back() noexcept {
  try {
    put_mark(layout_, directory_, limit_way_of(directory_));
  } catch (const std::exception&) {
    stage_.leave();
  }
}

}  // namespace dunnage::volume
