// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_history.hpp>

#include <dunnage/error.hpp>

#include "launcher/connection.hpp"
#include "volume/clone.hpp"
#include "volume/data.hpp"
#include "volume/data_copy.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/limit_choice.hpp"
#include "volume/rollback.hpp"
#include "volume/snapshot.hpp"
#include "volume/snapshot_content.hpp"
#include "volume/snapshots.hpp"
#include "volume/tree_difference.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>

#include <optional>
#include <utility>

namespace dunnage {
namespace {

using volume::Deed;
using volume::Layout;

const Layout& layout_of(const VolumeStore& store) { return VolumeStoreAccess::layout(store); }

/// What it holds cannot be mounted from its directory.
void refuse_image(const Deed& deed, const VolumeSnapshot& snapshot) {
  if (volume::is_image(snapshot.limit_way)) {
    throw volume::deed_failure(deed, fmt::format("the data of \"{}\" is a file system in an image", snapshot.name),
                               make_error_code(errc::not_supported), "clone the snapshot, and use the clone");
  }
}

/// The files a volume holds, for who reads them; of an image as one who uses it.
class OpenContent {
 public:
  OpenContent(const Layout& layout, const Deed& deed, const volume::OpenVolume& volume) : plain_{volume.data.get()} {
    if (volume::is_image(volume.info.limit_way)) {
      used_.emplace(layout, volume.info, deed.operation, "a comparison");
    }
  }
  [[nodiscard]] int top() const { return used_ ? used_->directory() : plain_; }

 private:
  int plain_;
  std::optional<volume::VolumeData> used_{};
};

}  // namespace

VolumeHistory::VolumeHistory(VolumeStore store, std::string volume)
    : store_{std::move(store)}, volume_{std::move(volume)} {}

SnapshotPlan VolumeHistory::plan(const Watch& watch) const {
  const Deed deed{"plan a snapshot of volume", volume_};
  return volume::with_deed(deed, [&] {
    const auto opened = volume::open_volume(layout_of(store_), deed);
    return volume::plan_copy(layout_of(store_), deed, opened, watch);
  });
}

VolumeSnapshot VolumeHistory::snapshot(const SnapshotOptions& options) {
  return volume::make_snapshot(layout_of(store_), volume_, options);
}

std::vector<VolumeSnapshot> VolumeHistory::snapshots() const {
  const Deed deed{"list snapshots of volume", volume_};
  return volume::with_deed(deed, [&] {
    return volume::list_snapshots(layout_of(store_), volume_,
                                  volume::require_volume_directory(layout_of(store_), deed.operation, volume_).get());
  });
}

std::optional<VolumeSnapshot> VolumeHistory::find(const std::string& snapshot) const {
  try {
    return get(snapshot);
  } catch (const VolumeError& error) {
    if (error.code() != errc::snapshot_missing) {
      throw;
    }
    return std::nullopt;
  }
}

VolumeSnapshot VolumeHistory::get(const std::string& snapshot) const {
  const Deed deed{"get snapshot of volume", volume_};
  return volume::with_deed(deed, [&] {
    const auto directory = volume::require_volume_directory(layout_of(store_), deed.operation, volume_);
    return volume::open_snapshot(layout_of(store_), deed, directory.get(), snapshot).info;
  });
}

VolumeSnapshot VolumeHistory::set_labels(const std::string& snapshot, const Labels& labels) {
  return volume::label_snapshot(layout_of(store_), volume_, snapshot, labels);
}

std::optional<VolumeSnapshot> VolumeHistory::rollback(const std::string& snapshot, const RollbackOptions& options) {
  return volume::roll_back(layout_of(store_), volume_, snapshot, options);
}

void VolumeHistory::remove(const std::string& snapshot) {
  volume::remove_snapshot(layout_of(store_), volume_, snapshot);
}

std::vector<SnapshotChange> VolumeHistory::diff(const std::string& from, const std::optional<std::string>& to,
                                                const DiffOptions& options) const {
  const Deed deed{
      "compare volume", volume_,
      to ? fmt::format("snapshot \"{}\" with \"{}\"", from, *to) : fmt::format("with snapshot \"{}\"", from)};
  return volume::with_deed(deed, [&] {
    const Layout& layout = layout_of(store_);
    const auto opened = volume::open_volume(layout, deed);
    const auto before = volume::open_snapshot(layout, deed, opened.directory.get(), from);
    std::optional<volume::OpenSnapshot> after;
    std::optional<OpenContent> now;
    if (to) {
      after = volume::open_snapshot(layout, deed, opened.directory.get(), *to);
    } else {
      now.emplace(layout, deed, opened);
    }
    return volume::with_snapshot(deed, before, [&] {
      const auto earlier = volume::open_snapshot_content(deed, before);
      const auto later = after ? volume::open_snapshot_content(deed, *after) : kernel::FileDescriptor{};
      auto changes = volume::tree_difference(deed, *launcher::connection_of_containers(), earlier.get(),
                                             after ? later.get() : now->top(), options);
      if (after) {
        volume::require_snapshot(deed, *after);
      }
      return changes;
    });
  });
}

BindMount VolumeHistory::at(const std::string& snapshot, std::string target) const {
  VolumeSnapshot found = get(snapshot);
  refuse_image({"mount a snapshot of volume", volume_}, found);
  return {.source = std::move(found.mountpoint), .target = std::move(target), .options = {.read_only = true}};
}

VolumeHistory VolumeStore::history(const std::string& name) const { return {*this, get(name).name()}; }

VolumeClone VolumeStore::clone(const std::string& source, const std::string& name, const CloneOptions& options) {
  return volume::clone_volume(layout_of(*this), source, name, options);
}

}  // namespace dunnage
