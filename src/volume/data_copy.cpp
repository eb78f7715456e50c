// SPDX-License-Identifier: Apache-2.0
#include "volume/data_copy.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/reflink.hpp"
#include "kernel/subvolume.hpp"
#include "launcher/compare_trees.hpp"
#include "launcher/connection.hpp"
#include "launcher/copy_tree.hpp"
#include "volume/create.hpp"
#include "volume/data_image.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/frozen.hpp"
#include "volume/limit_choice.hpp"
#include "volume/take_back.hpp"
#include "volume/use_watch.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <utility>

namespace dunnage::volume {
namespace {

/// At once, where the data is a subvolume of btrfs. \return whether it was done
bool snapshot_data(int from, const Stage& stage) {
  const auto source = kernel::open_readable(from);
  return source && kernel::can_be_snapshotted(source.get()) && kernel::is_subvolume(source.get()) &&
         kernel::snapshot_subvolume(source.get(), stage.directory(), kDataName) == 0;
}

/// What is copied once becomes a subvolume where there are such, so that whatever is made of it is made at once. Only
/// root does it: an ordinary user could not tell those apart that belong to other ids.
kernel::FileDescriptor open_data_as_subvolume(const Stage& stage) {
  if (kernel::make_subvolume(stage.directory(), kDataName) != 0) {
    return open_data(stage);
  }
  return open_data_directory(stage.directory());  // its owner and mode are copied last
}

/// What is renamed away is deleted then, so a copy of it may be a part of it.
void require_still_there(const Layout& layout, const Deed& deed, const OpenVolume& volume) {
  if (!kernel::is_at(layout.volumes.get(), deed.volume, volume.directory.get())) {
    throw missing_failure(deed.operation, deed.volume, names_to_suggest(layout));
  }
  if (!kernel::is_at(volume.directory.get(), kDataName, volume.data.get())) {
    throw deed_failure(deed, "its data was exchanged meanwhile",
                       make_error_code(std::errc::resource_unavailable_try_again), "try again");
  }
}

void sync_file_system(int directory) {
  if (::syncfs(directory) != 0) {
    throw kernel::CallError{"syncfs", errno};
  }
}

/// A file system that is mounted is not whole on its disk: an image is copied while nobody uses it, or not at all.
class IdleImage {
 public:
  /// Throws: as require_idle().
  IdleImage(const Deed& deed, const OpenVolume& volume, const UseWatch& use) : deed_{deed}, volume_{volume}, use_{use} {
    if (is_image(volume.info.limit_way) && !use.was_used()) {
      watch_.emplace(volume.data.get());
    }
    require_idle();
  }
  /// Throws: VolumeError(volume_in_use); CallError.
  void require_idle() const {
    if (is_image(volume_.info.limit_way) && (!watch_ || use_.is_used() || watch_->is_disturbed())) {
      throw in_use_failure(deed_.operation, deed_.volume, names_of(living_users(volume_.directory.get())));
    }
  }

 private:
  const Deed& deed_;
  const OpenVolume& volume_;
  const UseWatch& use_;
  std::optional<ImageWatch> watch_{};
};

SnapshotConsistency consistency_of(bool used, bool frozen, SnapshotWay way) {
  if (!used) {
    return SnapshotConsistency::Idle;
  }
  if (frozen) {
    return SnapshotConsistency::Frozen;
  }
  return way == SnapshotWay::Subvolume ? SnapshotConsistency::Crash : SnapshotConsistency::Unordered;
}

}  // namespace

CopiedData copy_data(const Deed& deed, const Stage& stage, const DataCopy& copy, const Watch& watch) {
  stop_if_asked(deed, watch);
  const auto connection = launcher::connection_of_containers();
  const bool root = !connection->identity().rootless();
  if (root && !copy.gives_away && snapshot_data(copy.from, stage)) {
    return {.way = SnapshotWay::Subvolume};
  }
  const kernel::FileDescriptor data = root ? open_data_as_subvolume(stage) : open_data(stage);
  launcher::TreeCopy tree;
  tree.from = copy.from;
  tree.to = data.get();
  tree.quiet = copy.quiet;
  tree.sync = !copy.unsynced;
  tree.subject = deed.volume;
  tree.locks = copy.locks;
  if (copy.gives_away) {
    tree.uid = 0;
    tree.gid = 0;
  }
  try {
    const launcher::WorkOutcome outcome = launcher::copy_tree(*connection, tree, watch);
    require_done(deed, outcome);
    const bool shared = outcome.bytes > 0 && outcome.cloned == outcome.bytes;
    return {.way = shared ? SnapshotWay::Reflink : SnapshotWay::Copy,
            .entries = outcome.entries,
            .bytes = outcome.bytes,
            .copied = outcome.bytes - outcome.cloned};
  } catch (...) {
    take_data_back(stage);
    throw;
  }
}

void take_data_back(const Stage& stage) noexcept {
  if (stage.id().empty()) {
    return;  // it was published, or left
  }
  try {
    take_back(stage, *launcher::connection_of_containers());
  } catch (const std::exception&) {  // there is no launcher
  }
}

LiveCopy copy_live_data(const Layout& layout, const Deed& deed, const OpenVolume& volume, const Stage& stage,
                        const FreezeHook& freeze, const Watch& watch) {
  const UseWatch use{volume.directory.get()};
  const IdleImage image{deed, volume, use};
  const bool frozen = use.was_used() && (freeze.before || freeze.after);
  LiveCopy copy;
  try {
    Frozen hook{frozen ? &freeze : nullptr};
    copy.data = copy_data(deed, stage, {.from = volume.data.get(), .unsynced = frozen}, watch);
    hook.thaw();
    if (frozen) {
      sync_file_system(stage.directory());
    }
    copy.consistency = consistency_of(use.was_used() || use.is_used(), frozen, copy.data.way);
    require_still_there(layout, deed, volume);
    image.require_idle();
  } catch (const VolumeError&) {
    require_still_there(layout, deed, volume);  // or that is why it failed
    take_data_back(stage);
    throw;
  } catch (...) {
    take_data_back(stage);
    throw;
  }
  return copy;
}

CopiedData copy_snapshot_data(const Deed& deed, const OpenSnapshot& snapshot, const Stage& stage, const Watch& watch) {
  return with_snapshot(deed, snapshot,
                       [&] { return copy_data(deed, stage, {.from = snapshot.data.get(), .quiet = true}, watch); });
}

SnapshotPlan plan_copy(const Layout& layout, const Deed& deed, const OpenVolume& volume, const Watch& watch) {
  SnapshotPlan plan;
  plan.users = names_of(living_users(volume.directory.get()));
  const auto connection = launcher::connection_of_containers();
  const auto data = kernel::open_readable(volume.data.get());
  const bool subvolume = !connection->identity().rootless() && data && kernel::can_be_snapshotted(data.get()) &&
                         kernel::is_subvolume(data.get());
  const bool reflink = subvolume || kernel::can_reflink(layout.open_staging().get());
  plan.way = subvolume ? SnapshotWay::Subvolume : reflink ? SnapshotWay::Reflink : SnapshotWay::Copy;
  plan.reason = subvolume ? "its data is a subvolume of btrfs"
                : reflink ? "the file system of the store lets files share their content"
                          : "the file system of the store lets no files share their content; XFS and btrfs do";
  const auto outcome = launcher::count_tree(*connection, volume.data.get(), watch);
  require_done(deed, outcome);
  plan.entries = subvolume ? 0 : outcome.entries;
  plan.bytes = outcome.bytes;
  plan.copied = reflink ? 0 : plan.bytes;
  return plan;
}

}  // namespace dunnage::volume
