// SPDX-License-Identifier: Apache-2.0
#include "prepare/volume_making.hpp"

#include "launcher/connection.hpp"
#include "prepare/failure.hpp"
#include "prepare/file_system.hpp"
#include "prepare/source_options.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/fill.hpp"
#include "volume/fill_elsewhere.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/trash.hpp"
#include "volume/volume_store_access.hpp"

#include <cerrno>

namespace dunnage::prepare {
namespace {

VolumeOptions options_of(const ResolvedMount& mount) {
  return {.labels = mount.labels, .driver_options = mount.driver_options};
}

}  // namespace

volume::LocalDriver driver_of(const ResolvedMount& mount) {
  volume::LocalDriver driver;
  if (const auto fault = volume::read_driver_options(mount.driver_options, driver)) {
    throw prepare_error(mount, fault->cause, EINVAL, fault->remedy);
  }
  return driver;
}

VolumeStore& VolumeMaking::make(ResolvedMount& mount) {
  VolumeStore& store = store_at(mount.store);
  if (mount.volume.empty()) {
    make_volume(store, mount);
  } else if (made_.emplace(mount.store, mount.volume).second) {
    make_for_all(store, mount);
  }
  return store;
}

VolumeStore& VolumeMaking::store_at(const std::filesystem::path& path) {
  const auto known = stores_.find(path);
  if (known != stores_.end()) {
    return known->second;
  }
  VolumeStore& store = stores_.emplace(path, VolumeStore::open(path)).first->second;
  volume::sweep_trash_of_ids(VolumeStoreAccess::layout(store).root.get(), state_.identity);
  return store;
}

void VolumeMaking::make_for_all(VolumeStore& store, const ResolvedMount& first) {
  const std::filesystem::path place = first.store;
  const std::string name = first.volume;
  for (ResolvedMount& mount : mounts_) {
    if (mount.kind == MountKind::Volume && !mount.left_out && mount.store == place && mount.volume == name) {
      make_volume(store, mount);
    }
  }
}

void VolumeMaking::make_volume(VolumeStore& store, ResolvedMount& mount) {
  const volume::LocalDriver driver = driver_of(mount);
  if (is_to_be_filled(mount) && driver.kind == volume::LocalDriver::Kind::Directory &&
      way_of_limit(store, mount) == LimitWay::None) {
    fill_volume(store, mount);
  } else if (mount.volume.empty()) {
    const Volume made = store.create_anonymous(owner_.name, options_of(mount));
    take_anonymous(mount, made.info());
  } else if (mount.create_volume) {
    const Volume made = store.get_or_create(mount.volume, options_of(mount));
    if (driver.kind != volume::LocalDriver::Kind::Bind) {
      mount.source = made.mountpoint();
    }
  }
  mount.create_volume = false;
  if (is_to_be_filled(mount)) {
    fill_elsewhere(store, mount, driver);
  }
}

/// What the options of the driver name; or what has a limit, and is not to be replaced.
void VolumeMaking::fill_elsewhere(const VolumeStore& store, ResolvedMount& mount, const volume::LocalDriver& driver) {
  using Kind = volume::LocalDriver::Kind;
  if (driver.kind == Kind::Tmpfs) {
    return;  // it is in memory
  }
  if (driver.kind == Kind::Directory && (!mount.subpath.empty() || way_of_limit(store, mount) == LimitWay::None)) {
    return;  // a limit was made since the plan, and a part of it is not filled
  }
  const auto open_top = [&](int volume) {
    switch (driver.kind) {
      case Kind::Bind:
        return bound_directory(mount);
      case Kind::FileSystem:
        return device_root(mount, driver);
      default:
        return limited_data(mount, volume);
    }
  };
  const auto connection = launcher::Connection::get(state_.identity);
  const volume::Filled filled = volume::fill_elsewhere(VolumeStoreAccess::layout(store), mount.volume, open_top,
                                                       {*connection, content_.root, mount.target, content_.watch});
  mount.copy_up = false;
  mount.reasons.push_back(volume::reason_of(filled, mount.target));
}

/// Once for all mounts of the volume, and for filling it.
int VolumeMaking::bound_directory(const ResolvedMount& mount) {
  kernel::FileDescriptor& directory = device_roots_[{mount.store, mount.volume}];
  if (!directory) {
    directory = open_source(mount);
  }
  return directory.get();
}

int VolumeMaking::device_root(const ResolvedMount& mount, const volume::LocalDriver& driver) {
  kernel::FileDescriptor& root = device_roots_[{mount.store, mount.volume}];
  if (!root) {
    root = mount_device(mount, driver, state_.identity);
  }
  return root.get();
}

int VolumeMaking::image_root(const ResolvedMount& mount, int volume) {
  constexpr const char* kUse = "use volume";
  return volume::explained(kUse, mount.volume, [&] {
    const LimitWay way = volume::limit_way_of(volume);
    if (!volume::is_image(way)) {
      return -1;
    }
    kernel::FileDescriptor& root = device_roots_[{mount.store, mount.volume}];
    if (!root) {
      root = volume::open_limited_data({kUse, mount.volume}, volume, way);
    }
    return root.get();
  });
}

LimitWay VolumeMaking::way_of_limit(const VolumeStore& store, const ResolvedMount& mount) const {
  return volume::explained("use volume", mount.volume, [&] {
    const auto volume = mount.volume.empty()
                            ? kernel::FileDescriptor{}
                            : volume::open_volume_directory(VolumeStoreAccess::layout(store), mount.volume);
    return volume ? volume::limit_way_of(volume.get()) : LimitWay::None;
  });
}

/// Not what is used afterwards: until then the volume may be rolled back.
int VolumeMaking::limited_data(const ResolvedMount& mount, int volume) {
  const LimitWay way = volume::limit_way_of(volume);
  if (way == LimitWay::None) {
    return -1;
  }
  filled_.push_back(volume::open_limited_data({volume::kFillVolume, mount.volume}, volume, way));
  return filled_.back().get();
}

void VolumeMaking::fill_memory(ResolvedMount& mount, int mounted) const {
  if (!is_to_be_filled(mount)) {
    return;
  }
  const auto connection = launcher::Connection::get(state_.identity);
  const volume::Filled filled =
      volume::fill_memory(mount.volume, mounted, {*connection, content_.root, mount.target, content_.watch});
  add_reason(mount, volume::reason_of(filled, mount.target));
}

void VolumeMaking::take_anonymous(ResolvedMount& mount, const VolumeInfo& made) {
  state_.anonymous.push_back({mount.store, made.name});
  mount.volume = made.name;
  if (driver_of(mount).kind != volume::LocalDriver::Kind::Bind) {
    mount.source = made.mountpoint;
  }
}

/// Makes the volume if it is missing, with what the image has at its target.
void VolumeMaking::fill_volume(const VolumeStore& store, ResolvedMount& mount) {
  const volume::Layout& layout = VolumeStoreAccess::layout(store);
  const auto connection = launcher::Connection::get(state_.identity);
  const volume::FillSource source{*connection, content_.root, mount.target, content_.watch};
  volume::Filled filled{};
  if (mount.volume.empty()) {
    const volume::FilledVolume made =
        volume::create_anonymous_filled(layout, owner_.name, options_of(mount), mount.subpath, source);
    filled = made.filled;
    take_anonymous(mount, made.info);
  } else {
    filled = volume::fill(layout, mount.volume, options_of(mount), mount.subpath, source);
    mount.source = layout.mountpoint(mount.volume);
  }
  mount.copy_up = false;  // once: a restart finds it as the container left it
  mount.reasons.push_back(volume::reason_of(filled, mount.target));
}

}  // namespace dunnage::prepare
