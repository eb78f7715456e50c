// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/call_error.hpp"
#include "kernel/random_hex.hpp"
#include "launcher/connection.hpp"
#include "launcher/identity.hpp"
#include "prepare/detach_mount.hpp"
#include "prepare/failure.hpp"
#include "prepare/prepare.hpp"
#include "prepare/request.hpp"
#include "prepare/state.hpp"
#include "prepare/user.hpp"
#include "volume/trash.hpp"
#include "volume/volume_store_access.hpp"

#include <boost/filesystem/operations.hpp>
#include <boost/filesystem/path.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

constexpr std::size_t kIdDigits = 64;

/// Prepares one plan; what was made is undone by the state's destructor if anything fails.
class Preparation {
 public:
  Preparation(const MountPlan& plan, const launcher::Identity& identity, const prepare::Owner& owner)
      : plan_{plan}, owner_{owner}, state_{std::make_unique<PreparedMountsAccess::State>()}, source_{state_->identity} {
    state_->identity = identity;
    state_->container_id = owner.id;
  }

  std::unique_ptr<PreparedMountsAccess::State> run() {
    std::vector<ResolvedMount> mounts;
    mounts.reserve(plan_.size());
    for (ResolvedMount mount : plan_) {
      switch (mount.kind) {
        case MountKind::Bind:
          prepare_bind(mount);
          break;
        case MountKind::Volume:
          prepare_volume(mount);
          break;
        case MountKind::Tmpfs:
          take(mount, source_.tmpfs(prepare::request_for(mount)));
          break;
      }
      mounts.push_back(std::move(mount));
    }
    state_->plan = MountPlan{std::move(mounts)};
    return std::move(state_);
  }

 private:
  void take(const ResolvedMount& mount, const launcher::DetachResult& result) {
    if (result.failure.error != 0) {
      throw prepare::prepare_error(mount, result.failure);
    }
    state_->mounts.emplace_back(result.fd);
  }

  void prepare_bind(ResolvedMount& mount) {
    if (mount.create_source) {
      create_source(mount);
    }
    take(mount, source_.bind(prepare::request_for(mount), mount.source));
    mount.create_source = false;
  }

  void create_source(const ResolvedMount& mount) {
    boost::filesystem::path path;
    for (const auto& part : boost::filesystem::path{mount.source.string()}) {
      path /= part;
      boost::system::error_code failure;
      if (boost::filesystem::create_directory(path, failure)) {
        state_->created_directories.emplace_back(path.string());
      } else if (failure) {
        throw prepare::prepare_error(mount, "create the source directory", failure.value(),
                                     "create it yourself, or choose a place this user can write to");
      }
    }
  }

  VolumeStore& store_at(const std::filesystem::path& path) {
    const auto known = stores_.find(path);
    if (known != stores_.end()) {
      return known->second;
    }
    VolumeStore& store = stores_.emplace(path, VolumeStore::open(path)).first->second;
    if (state_->identity.privilege == launcher::Privilege::Range) {
      sweep(store);
    }
    return store;
  }

  /// Removed volumes may hold files of ids only a container of this user could delete.
  void sweep(const VolumeStore& store) {
    const auto remove = [this](int trash, const std::string& name) {
      constexpr auto kTimeout = std::chrono::seconds{60};
      (void)launcher::Connection::get(state_->identity)
          ->remove_tree(trash, name, std::chrono::steady_clock::now() + kTimeout);  // what stays is tried again
    };
    try {
      (void)volume::sweep_trash(VolumeStoreAccess::layout(store).root.get(), remove);
    } catch (const kernel::CallError&) {
      // garbage that cannot be swept now is no reason not to prepare
    }
  }

  void prepare_volume(ResolvedMount& mount) {
    VolumeStore& store = store_at(mount.store);
    if (mount.volume.empty()) {
      const Volume made = store.create_anonymous(owner_.name, {.labels = mount.labels});
      state_->anonymous.push_back({mount.store, made.name()});
      mount.volume = made.name();
      mount.source = made.mountpoint();
    } else if (mount.create_volume) {
      mount.source = store.get_or_create(mount.volume, {.labels = mount.labels}).mountpoint();
    }
    mount.create_volume = false;
    state_->uses.push_back(
        volume::VolumeUse::acquire(VolumeStoreAccess::layout(store), mount.volume, state_->container_id, owner_.name));
    take(mount, source_.bind(prepare::request_for(mount), mount.source, state_->uses.back().data_fd()));
  }

  const MountPlan& plan_;
  const prepare::Owner& owner_;
  std::unique_ptr<PreparedMountsAccess::State> state_;
  prepare::MountSource source_;
  std::map<std::filesystem::path, VolumeStore> stores_;
};

}  // namespace

PreparedMounts MountPlan::prepare(const PrepareOptions& options) const {
  const prepare::Ids ids = prepare::parse_ids(options.user);
  prepare::Owner owner{options.container_id.empty() ? kernel::random_hex(kIdDigits) : options.container_id,
                       options.container_name};
  if (owner.name.empty()) {
    owner.name = owner.id;
  }
  return prepare::prepare(*this, launcher::identity_for(ids.uid, ids.gid), owner);
}

namespace prepare {

PreparedMounts prepare(const MountPlan& plan, const launcher::Identity& identity, const Owner& owner) {
  return PreparedMountsAccess::make(Preparation{plan, identity, owner}.run());
}

}  // namespace prepare
}  // namespace dunnage
