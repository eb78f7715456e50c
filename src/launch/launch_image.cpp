// SPDX-License-Identifier: Apache-2.0
// The part of a launch that is about its image: finding it, the root file system made of it, and what is written to it.

#include "image/failure.hpp"
#include "image/known.hpp"
#include "image/mount_room.hpp"
#include "image/pull.hpp"
#include "kernel/absolute_path.hpp"
#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "kernel/per_process.hpp"
#include "launch/accounts.hpp"
#include "launch/check.hpp"
#include "launch/image_config.hpp"
#include "launch/launch.hpp"
#include "plan/image_volumes.hpp"
#include "volume/limit_choice.hpp"

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <variant>

namespace dunnage::launch {
namespace {

constexpr const char* kOperation = "use the image";

struct Swept {
  using Directory = std::tuple<std::uint64_t, std::uint64_t, std::int64_t, std::uint32_t>;
  std::mutex mutex;
  std::set<Directory> directories;
};

constinit kernel::PerProcess<Swept> swept;

/// What killed processes left is looked for once: this process leaves nothing.
void sweep_once(int changes, const image::Layout& images) {
  struct statx status {};
  if (::statx(changes, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &status) != 0) {
    throw kernel::CallError{"statx", errno};
  }
  const std::uint64_t device = std::uint64_t{status.stx_dev_major} << 32U | status.stx_dev_minor;
  Swept& known = swept.get();
  const std::scoped_lock lock{known.mutex};
  // numbers of inodes are given again
  if (known.directories.emplace(device, status.stx_ino, status.stx_btime.tv_sec, status.stx_btime.tv_nsec).second) {
    image::sweep_changes(changes, images.open_trash().get());
    image::sweep_changes(images.open_ahead().get(), images.open_trash().get());
  }
}

/// The container's own places, and those of its mounts, have to be there where nothing can be made.
bool has_place(int root, const std::string& path) {
  const kernel::FileDescriptor place{
      kernel::open_at2(root, path.c_str(), O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS)};
  return place.get() != -ENOENT;
}

std::shared_ptr<const ImageInfo> fetch_image(const image::Layout& images, const LaunchSpec& spec) {
  const std::string& name = spec.rootfs.name();
  if (spec.pull == PullPolicy::Never) {
    return image::get_known_image(images, name);
  }
  if (spec.pull == PullPolicy::Missing) {
    if (auto known = image::find_known_image(images, name)) {
      return known;
    }
  }
  return std::make_shared<const ImageInfo>(
      image::pull(images, name, {.policy = PullPolicy::Always, .watch = spec.watch}));
}

}  // namespace

void Launch::find_image() {
  if (!of_image() || image_ != nullptr) {
    return;
  }
  auto layout = image::open_existing_layout(store_path());
  images_ = std::make_shared<const image::Layout>(layout ? std::move(*layout) : image::open_layout(store_path()));
  const std::string& name = again_ ? again_->image_id : spec_.rootfs.name();
  image_ = again_ ? image::get_known_image(*images_, name) : fetch_image(*images_, spec_);
  complete(spec_, image_->config);
  check_complete(spec_);
  image::explained(kOperation, name, [&] {
    changes_directory_ = images_->open_changes();
    sweep_once(changes_directory_.get(), *images_);
  });
}

void Launch::add_image_volumes() {
  const plan::DeclaredVolumes volumes{spec_.rootfs.name(), image_->config.volumes, spec_.image_volumes};
  ResolveOptions options;
  options.store = spec_.store;
  if (const auto* plan = std::get_if<MountPlan>(&spec_.mounts)) {
    spec_.mounts = plan::with_image_volumes(*plan, volumes, options);
    return;
  }
  const MountPlan& prepared = std::get<PreparedMounts>(spec_.mounts).plan();
  if (plan::with_image_volumes(prepared, volumes, options).size() != prepared.size()) {
    throw LaunchError{
        {.stage = Stage::Launch,
         .operation = "launch container",
         .subject = subject(),
         .detail = {},
         .cause = "the image declares volumes for which nothing was prepared",
         .code = errc::invalid_argument,
         .remedy = "resolve the mounts with ResolveOptions::rootfs, or set image_volumes to ignore them"}};
  }
}

/// Where one id exists, it is that of the user, who depends on the accounts: a launcher for root reads them first.
Accounts Launch::image_accounts() {
  const launcher::Identity first = launcher::identity_for(0, 0);
  if (!image_root_) {
    image_root_.emplace(*images_, image_, first, spec_.watch);
    deadline_ = std::chrono::steady_clock::now() + spec_.launch_timeout;
  }
  prepare::MountSource source{first};
  if (first.privilege == launcher::Privilege::Single) {
    return read_accounts_in(image_root_->mount(source, {}).get());
  }
  if (makes_template_) {
    open_shared_root(source);
  } else {
    root_.mount = mount_image(source);
  }
  return read_accounts_in(root_.mount.get());
}

void Launch::open_changes(bool upper) {
  image::explained(kOperation, spec_.rootfs.name(), [&] {
    const image::ChangesOwner owner{.container_id = id_, .container_name = subject(), .image_id = image_->id};
    image::ChangesOptions options{.upper = upper, .is_volatile = changes_thrown_away()};
    if (upper && spec_.root_changes.limit) {
      options.limit = image::ChangesLimit{.store = &images_->store,
                                          .size = *spec_.root_changes.limit,
                                          .watch = {.progress = {}, .stop = spec_.watch.stop, .deadline = deadline_}};
    }
    changes_.emplace();  // none yet; but what has been made of its place when it fails goes with the launch
    changes_ = image::Changes::open(changes_directory_.get(), owner, options);
    if (again_) {
      changes_->keep(!changes_thrown_away());
    }
    require_image();
  });
}

/// Looked at again now that the container's changes say who uses it.
void Launch::require_image() {
  if (!image::is_still_there(*images_, *image_)) {
    image_ = image::get_known_image(*images_, image_->id);  // says that it is not
  }
}

kernel::FileDescriptor Launch::mount_image(prepare::MountSource& source) {
  if (spec_.read_only_root) {
    return mount_read_only(source);
  }
  const bool disk = spec_.root_changes.kind == RootChanges::Kind::Disk;
  if (disk && !spec_.root_changes.limit && changes_thrown_away() && !again_) {
    if (kernel::FileDescriptor ready = take_ready_root(source.identity())) {
      return ready;
    }
  }
  open_changes(disk);
  prepare::RootUpper upper;
  if (disk) {
    upper.kind = changes_->fresh() ? launcher::UpperKind::Fresh : launcher::UpperKind::Kept;
    upper.place = image::changes_path(id_);
    upper.written = changes_->written();
    upper.is_volatile = changes_thrown_away();
  } else {
    upper.kind = launcher::UpperKind::Memory;
    upper.size = spec_.root_changes.size;
  }
  return disk && spec_.root_changes.limit ? mount_limited(source, upper) : image_root_->mount(source, upper);
}

/// A full one can be mounted again, and written to then, if only to delete.
kernel::FileDescriptor Launch::mount_limited(prepare::MountSource& source, const prepare::RootUpper& upper) {
  return image::explained(kOperation, spec_.rootfs.name(), [&] {
    std::optional<image::MountRoom> room;
    if (upper.kind == launcher::UpperKind::Kept) {
      room.emplace(changes_->limited(), volume::held_size(*spec_.root_changes.limit));
    }
    kernel::FileDescriptor root = image_root_->mount(source, upper);
    struct statvfs system {};
    if (::fstatvfs(root.get(), &system) != 0) {
      throw kernel::CallError{"statfs", errno};
    }
    if ((system.f_flag & ST_RDONLY) != 0) {
      throw kernel::CallError{"mount its changes so that they can be written to", ENOSPC};
    }
    if (room) {
      room->end();
    }
    return root;
  });
}

/// Empty if there is none.
kernel::FileDescriptor Launch::take_ready_root(const launcher::Identity& identity) {
  ready_kind_ = {.identity = identity, .store = kernel::absolute_path(store_path()), .image_id = image_->id};
  auto ready = prepare::take_ready_root(*ready_kind_, image_root_->trees());
  if (!ready) {
    return {};
  }
  image::explained(kOperation, spec_.rootfs.name(), [&] {
    ready->changes.adopt(images_->open_ahead().get(), ready->name, changes_directory_.get(),
                         {.container_id = id_, .container_name = name_, .image_id = image_->id});
    changes_ = std::move(ready->changes);
    require_image();
  });
  return std::move(ready->mount);
}

/// Nothing is written to it, unless a mount has no place there: those are made in a little memory then, as every
/// engine makes them.
kernel::FileDescriptor Launch::mount_read_only(prepare::MountSource& source) {
  open_changes(false);
  return mount_with_places(source);
}

kernel::FileDescriptor Launch::mount_with_places(prepare::MountSource& source) {
  constexpr std::uint64_t kPlaces = std::uint64_t{1} << 20U;
  kernel::FileDescriptor root = image_root_->mount(source, {});
  bool whole = true;
  for (const char* place : {"proc", "sys", "dev"}) {
    whole = whole && has_place(root.get(), place);
  }
  whole = whole && has_place(root.get(), spec_.cwd);
  const MountPlan& plan = std::holds_alternative<MountPlan>(spec_.mounts)
                              ? std::get<MountPlan>(spec_.mounts)
                              : std::get<PreparedMounts>(spec_.mounts).plan();
  for (const ResolvedMount& mount : plan) {
    whole = whole && (mount.left_out || has_place(root.get(), mount.target));
  }
  if (!whole) {
    root = image_root_->mount(source, {.kind = launcher::UpperKind::Memory, .size = kPlaces});
  }
  return root;
}

/// Of a container that could not be launched. One that ran before has changes worth keeping.
void Launch::discard_changes() noexcept {
  root_ = {};
  if (!changes_) {
    return;
  }
  changes_.reset();
  try {
    if (!again_) {
      image::remove_changes(changes_directory_.get(), id_, images_->open_trash().get());
    }
  } catch (const std::exception&) {
    // the failure that brought us here is the one to report; the next sweep takes what stays
  }
}

}  // namespace dunnage::launch
