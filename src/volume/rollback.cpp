// SPDX-License-Identifier: Apache-2.0
#include "volume/rollback.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/subvolume.hpp"
#include "volume/data_copy.hpp"
#include "volume/directory.hpp"
#include "volume/exchange_data.hpp"
#include "volume/exchange_note.hpp"
#include "volume/failure.hpp"
#include "volume/limit_mark.hpp"
#include "volume/snapshot_content.hpp"
#include "volume/snapshots.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <exception>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kBeforeRollback = "dunnage.before-rollback-to";

/// One volume on its way back.
class Rollback {
 public:
  Rollback(const Layout& layout, const Deed& deed, const RollbackOptions& options)
      : layout_{layout}, deed_{deed}, options_{options}, volume_{open_volume(layout, deed)} {}

  std::optional<VolumeSnapshot> run(const std::string& snapshot) {
    const OpenSnapshot target = open_snapshot(layout_, deed_, volume_.directory.get(), snapshot);
    refuse_if_used(deed_, volume_.directory.get());
    VolumeSnapshot before = describe(target);
    const auto place = make_snapshots(volume_.directory.get());
    if (options_.keep_before && kernel::exists_at(place.get(), before.name)) {
      throw snapshot_exists_failure(deed_, before.name);
    }
    Stage stage{layout_.open_staging()};
    (void)copy_snapshot_within(layout_, deed_, target, stage, volume_.info, options_.watch);
    (void)::unlinkat(stage.directory(), kLimitName, 0);  // the volume has its mark
    try {
      if (options_.keep_before) {
        write_snapshot_metadata(deed_, stage.directory(), before);
        write_note(stage, before.name);
      }
      kernel::sync(stage.directory());
      // if it can neither be done nor be taken back, the state before becomes a snapshot with the next opening
      exchange_data(layout_, deed_, stage, volume_.directory.get(), volume_.info, options_.watch,
                    [&] { bring_to_disk(stage, place.get(), before.name); });
    } catch (...) {
      take_data_back(stage);
      throw;
    }
    if (!options_.keep_before) {
      take_data_back(stage);
      return std::nullopt;
    }
    (void)::unlinkat(stage.directory(), kRollbackName, 0);  // it says nothing any more; what stays of it harms nobody
    return before;
  }

 private:
  [[nodiscard]] VolumeSnapshot describe(const OpenSnapshot& target) const {
    const std::string name = !options_.keep_before     ? std::string{}
                             : options_.before.empty() ? fresh_snapshot_name("before-rollback-")
                                                       : options_.before;
    if (options_.keep_before) {
      check_snapshot_name(deed_, name);
    }
    return {.volume = deed_.volume,
            .name = name,
            .created_at = std::chrono::system_clock::now(),
            .labels = {{kBeforeRollback, target.info.name}},
            .way = SnapshotWay::Rename,
            .mountpoint = snapshot_mountpoint(layout_, deed_.volume, name),
            .limit = volume_.info.limit,
            .limit_way = volume_.info.limit_way};
  }

  void write_note(const Stage& stage, const std::string& name) const {
    write_exchange_note(stage.directory(), kRollbackName,
                        {.volume = deed_.volume,
                         .snapshot = name,
                         .volume_inode = kernel::identity_of_directory(volume_.directory.get()),
                         .prepared = identity_at(stage.directory(), kDataName)});
  }

  void bring_to_disk(Stage& stage, int place, const std::string& before) const {
    kernel::sync(volume_.directory.get());
    kernel::sync(stage.directory());
    if (options_.keep_before && !stage.publish(place, before)) {
      throw snapshot_exists_failure(deed_, before);
    }
  }

  const Layout& layout_;
  const Deed& deed_;
  const RollbackOptions& options_;
  OpenVolume volume_;
};

}  // namespace

std::optional<VolumeSnapshot> roll_back(const Layout& layout, const std::string& volume, const std::string& snapshot,
                                        const RollbackOptions& options) {
  const Deed deed{"roll back volume", volume, fmt::format("to snapshot \"{}\"", snapshot)};
  return with_deed(deed, [&] { return Rollback{layout, deed, options}.run(snapshot); });
}

bool finish_rollback(const Layout& layout, int staging, const std::string& id, int directory) try {
  const auto note = read_exchange_note(directory, kRollbackName);
  if (!note || !is_snapshot_name(note->snapshot)) {
    return false;
  }
  const std::uint64_t data = identity_at(directory, kDataName);
  if (data == 0 || data == note->prepared) {
    return false;  // nothing was exchanged
  }
  const auto volume = find_volume(layout, *note).directory;
  if (!volume) {
    return false;  // it was removed, and this with it
  }
  const auto place = make_snapshots(volume.get());
  if (kernel::rename_exclusively(staging, id, place.get(), note->snapshot) == 0) {
    kernel::sync(place.get());
    (void)::unlinkat(directory, kRollbackName, 0);
  }
  return true;
} catch (const kernel::CallError&) {
  return true;  // it waits for another time
}

}  // namespace dunnage::volume
