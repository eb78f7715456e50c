// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "image/known.hpp"
#include "image/layout.hpp"
#include "kernel/call_error.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "plan/followed_source.hpp"
#include "prepare/create_source.hpp"
#include "prepare/detach_mount.hpp"
#include "prepare/failure.hpp"
#include "prepare/image.hpp"
#include "prepare/image_root.hpp"
#include "prepare/prepare.hpp"
#include "prepare/request.hpp"
#include "prepare/source_options.hpp"
#include "prepare/state.hpp"
#include "prepare/user.hpp"
#include "prepare/volume_claims.hpp"
#include "prepare/volume_making.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/local_driver.hpp"
#include "volume/users.hpp"
#include "volume/volume_store_access.hpp"

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

constexpr std::size_t kIdDigits = 64;

/// Prepares one plan; what was made is undone by the state's destructor if anything fails.
class Preparation {
 public:
  Preparation(const MountPlan& plan, const launcher::Identity& identity, const prepare::Owner& owner,
              const prepare::Content& content)
      : mounts_{plan.begin(), plan.end()},
        owner_{owner},
        content_{content},
        state_{std::make_unique<PreparedMountsAccess::State>()},
        source_{state_->identity},
        volumes_{mounts_, owner, content, *state_},
        claims_{content.for_template} {
    claims_.add_all(mounts_);
    if (content.beside != nullptr) {
      claims_.add_all(*content.beside);
    }
    state_->identity = identity;
    state_->container_id = owner.id;
    state_->user = owner.user;
  }

  std::unique_ptr<PreparedMountsAccess::State> run() {
    for (ResolvedMount& mount : mounts_) {
      prepare(mount);
    }
    state_->plan = MountPlan{std::move(mounts_)};
    return std::move(state_);
  }

 private:
  void prepare(ResolvedMount& mount) {
    if (prepare::stays_as_planned(mount)) {
      const launcher::DetachResult made = prepare::make_as_planned(source_, mount);
      add(kernel::FileDescriptor{made.fd}, made.id);
      return;
    }
    switch (mount.kind) {
      case MountKind::Bind:
        prepare_bind(mount);
        break;
      case MountKind::Volume:
        prepare_volume(mount);
        break;
      case MountKind::Tmpfs:
        break;  // as planned, always
      case MountKind::Image:
        prepare_image(mount);
        break;
    }
  }

  void add(kernel::FileDescriptor mount, std::uint64_t id = 0) {
    state_->mounts.push_back(std::move(mount));
    state_->ids.push_back(id);
  }

  void take(const ResolvedMount& mount, const launcher::DetachResult& result) {
    if (result.failure.error != 0) {
      throw prepare::prepare_error(mount, result.failure);
    }
    add(kernel::FileDescriptor{result.fd}, result.id);
  }

  void prepare_bind(ResolvedMount& mount) {
    const kernel::FileDescriptor opened =
        mount.create_source ? prepare::create_source(mount, state_->created_directories) : prepare::open_source(mount);
    prepare_source(mount, {.path = mount.source.c_str(), .opened = opened.get()});
    mount.create_source = false;
  }

  void prepare_source(ResolvedMount& mount, const prepare::SourcePath& source) {
    prepare::SourceOptions options{source_, state_->identity, owner_.user, state_->container_id};
    prepare::OpenedSource opened = options.mount(mount, source);
    state_->for_user = state_->for_user || mount.chown || mount.owner.kind() == Ownership::Kind::MatchUser;
    add(std::move(opened.mount), opened.id);
    if (plan::is_looked_for(mount) && opened.user_namespace) {
      state_->owner_maps[mount.target] = std::move(opened.user_namespace);
    }
    if (opened.lock) {
      state_->locks.push_back(std::move(opened.lock));
    }
  }

  void prepare_image(ResolvedMount& mount) {
    prepare::OpenedImage opened =
        prepare::open_image(source_, mount, state_->identity, {state_->container_id, owner_.name}, content_.watch);
    add(std::move(opened.mount));
    std::move(opened.locks.begin(), opened.locks.end(), std::back_inserter(state_->locks));
  }

  void prepare_volume(ResolvedMount& mount) {
    const VolumeStore& store = volumes_.make(mount);
    claims_.use(VolumeStoreAccess::layout(store), mount, owner_, *state_);
    prepare_driver(store, mount);
  }

  /// The volume's own directory, or what its options name instead.
  void prepare_driver(const VolumeStore& store, ResolvedMount& mount) {
    const volume::LocalDriver driver = prepare::driver_of(mount);
    switch (driver.kind) {
      case volume::LocalDriver::Kind::Directory:
        prepare_directory(mount);
        break;
      case volume::LocalDriver::Kind::Bind:
        prepare_source(
            mount,
            {.path = mount.source.c_str(), .below = mount.subpath.c_str(), .opened = volumes_.bound_directory(mount)});
        break;
      case volume::LocalDriver::Kind::Tmpfs:
        prepare_memory(store, mount, driver);
        break;
      case volume::LocalDriver::Kind::FileSystem:
        prepare_source(mount, {.path = mount.source.c_str(),
                               .below = mount.subpath.c_str(),
                               .opened = volumes_.device_root(mount, driver)});
        break;
    }
  }

  /// In the store, as it is or as a file system in an image.
  void prepare_directory(ResolvedMount& mount) {
    const volume::VolumeUse& use = state_->uses.back();
    const int image = volumes_.image_root(mount, use.volume_fd());
    prepare_source(
        mount,
        {.path = mount.source.c_str(), .below = mount.subpath.c_str(), .opened = image >= 0 ? image : use.data_fd()});
  }

  /// Memory is no place another process could find: it belongs to the one container that mounts it.
  void prepare_memory(const VolumeStore& store, ResolvedMount& mount, const volume::LocalDriver& driver) {
    const volume::Layout& layout = VolumeStoreAccess::layout(store);
    const kernel::FileDescriptor directory = volume::open_volume_directory(layout, mount.volume);
    std::vector<std::string> others;
    for (const volume::User& user : volume::living_users(directory.get())) {
      if (user.id != state_->container_id) {
        others.push_back(user.name);
      }
    }
    if (!others.empty() || !memory_volumes_.insert(mount.volume).second) {
      throw prepare::prepare_error(
          mount,
          others.empty()
              ? "a volume in memory is mounted at one place"
              : "a volume in memory is for one container at a time, and is used by " + volume::quoted_list(others),
          EBUSY, "use a volume on disk to share data, or end the other container");
    }
    launcher::DetachRequest request = prepare::request_for(mount);
    request.size = driver.size;
    request.mode = driver.mode;
    request.uid = driver.uid.value_or(UINT32_MAX);
    request.gid = driver.gid.value_or(UINT32_MAX);
    request.inodes = driver.inodes.value_or(0);
    request.no_swap = driver.no_swap ? 1 : 0;
    take(mount, source_.tmpfs(request));
    volumes_.fill_memory(mount, state_->mounts.back().get());
  }

  std::vector<ResolvedMount> mounts_;
  const prepare::Owner& owner_;
  const prepare::Content& content_;
  std::unique_ptr<PreparedMountsAccess::State> state_;
  prepare::MountSource source_;
  prepare::VolumeMaking volumes_;
  prepare::VolumeClaims claims_;
  std::set<std::string> memory_volumes_;
};

}  // namespace

PreparedMounts MountPlan::prepare(const PrepareOptions& options) const {
  const prepare::Ids ids = prepare::parse_ids(options.user);
  prepare::Owner owner{options.container_id.empty() ? kernel::random_hex(kIdDigits) : options.container_id,
                       options.container_name, ids};
  if (owner.name.empty()) {
    owner.name = owner.id;
  }
  const launcher::Identity identity = launcher::identity_for(ids.uid, ids.gid);
  if (options.rootfs.kind() != Rootfs::Kind::Image) {
    return prepare::prepare(*this, identity, owner);
  }
  const image::Layout images = image::open_layout(options.store.empty() ? default_store() : options.store);
  const prepare::ImageRoot image{images, image::get_known_image(images, options.rootfs.name()), identity, {}};
  prepare::MountSource source{identity};
  const kernel::FileDescriptor root = image.mount(source, {});
  return prepare::prepare(*this, identity, owner, {.root = root.get(), .watch = {}});
}

namespace prepare {

bool stays_as_planned(const ResolvedMount& mount) {
  const bool plain_bind = mount.kind == MountKind::Bind && !mount.create_source && !mount.chown &&
                          mount.relabel == Relabel::None && mount.owner.kind() == Ownership::Kind::AsIs &&
                          mount.exclude.empty() && !mount.overlay;
  return mount.left_out || mount.kind == MountKind::Tmpfs || plain_bind;
}

bool stays_as_planned(const MountPlan& plan) {
  return std::all_of(plan.begin(), plan.end(), [](const ResolvedMount& mount) { return stays_as_planned(mount); });
}

launcher::DetachResult make_as_planned(MountSource& source, const ResolvedMount& mount) {
  launcher::DetachResult made;
  if (mount.left_out) {
    return made;
  }
  const launcher::DetachRequest request = request_for(mount);
  made = mount.kind == MountKind::Tmpfs ? source.tmpfs(request) : source.bind(request, {.path = mount.source.c_str()});
  if (made.failure.error != 0) {
    throw prepare_error(mount, made.failure);
  }
  return made;
}

PreparedMounts begin_as_planned(const launcher::Identity& identity, const Owner& owner) {
  auto state = std::make_unique<PreparedMountsAccess::State>();
  state->identity = identity;
  state->container_id = owner.id;
  state->user = owner.user;
  return PreparedMountsAccess::make(std::move(state));
}

PreparedMounts prepare(const MountPlan& plan, const launcher::Identity& identity, const Owner& owner,
                       const Content& content) {
  return PreparedMountsAccess::make(Preparation{plan, identity, owner, content}.run());
}

void join_users(const MountPlan& mounts, const launcher::Identity& identity, const Owner& owner,
                PreparedMountsAccess::State& state) {
  VolumeClaims claims;
  claims.add_all(mounts);
  claims.add_all(state.plan);
  for (const ResolvedMount& mount : mounts) {
    if (mount.kind == MountKind::Volume) {
      const auto layout = volume::open_existing_layout(mount.store);
      if (!layout) {
        throw volume::missing_failure("use volume", mount.volume, {});
      }
      claims.use(*layout, mount, owner, state);
    } else if (mount.kind == MountKind::Image) {
      auto locks = hold_image(mount, identity, {owner.id, owner.name});
      std::move(locks.begin(), locks.end(), std::back_inserter(state.locks));
    }
  }
}

}  // namespace prepare
}  // namespace dunnage
