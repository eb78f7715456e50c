// SPDX-License-Identifier: Apache-2.0
#include "launch/relaunch.hpp"

#include <dunnage/volume_store.hpp>

#include "launch/launch.hpp"
#include "plan/copy_up.hpp"
#include "prepare/volume_making.hpp"

#include <string>
#include <utility>
#include <vector>

namespace dunnage::launch {
namespace {

bool is_there(const AnonymousVolume& volume) { return VolumeStore::open(volume.store).find(volume.name).has_value(); }

/// An anonymous volume may have gone with the end of the container; its mount is one to be made anew then.
void forget(const AnonymousVolume& gone, std::vector<ResolvedMount>& mounts) {
  for (ResolvedMount& mount : mounts) {
    if (mount.kind == MountKind::Volume && mount.volume == gone.name && mount.store == gone.store) {
      mount.volume.clear();
      if (prepare::driver_of(mount).kind != volume::LocalDriver::Kind::Bind) {
        mount.source.clear();
      }
      mount.create_volume = true;
      std::vector<std::string> reasons = mount.reasons;  // they are those of the first start
      plan::decide_copy_up(mount);
      mount.reasons = std::move(reasons);
    }
  }
}

}  // namespace

LaunchSpec copy_of(const LaunchSpec& known, Storage mounts) {
  return LaunchSpec{.rootfs = known.rootfs,
                    .argv = known.argv,
                    .entrypoint = known.entrypoint,
                    .mounts = std::move(mounts),
                    .image_volumes = known.image_volumes,
                    .env = known.env,
                    .cwd = known.cwd,
                    .user = known.user,
                    .groups = known.groups,
                    .hostname = known.hostname,
                    .read_only_root = known.read_only_root,
                    .root_changes = known.root_changes,
                    .network = known.network,
                    .in = known.in,
                    .out = known.out,
                    .err = known.err,
                    .terminal = known.terminal,
                    .no_new_privileges = known.no_new_privileges,
                    .add_capabilities = known.add_capabilities,
                    .drop_capabilities = known.drop_capabilities,
                    .seccomp = known.seccomp,
                    .resources = known.resources,
                    .lifetime = known.lifetime,
                    .restart = known.restart,
                    .stop_signal = known.stop_signal,
                    .name = known.name,
                    .labels = known.labels,
                    .record = known.record,
                    .remove_on_exit = known.remove_on_exit,
                    .store = known.store,
                    .launch_timeout = known.launch_timeout,
                    .timings = known.timings,
                    .pull = PullPolicy::Never};
}

std::shared_ptr<ContainerAccess::ContainerState> relaunch(const Former& former) {
  std::vector<ResolvedMount> mounts{former.storage.plan->begin(), former.storage.plan->end()};
  std::vector<AnonymousVolume> kept;
  for (const AnonymousVolume& volume : former.storage.anonymous) {
    if (is_there(volume)) {
      kept.push_back(volume);
    } else {
      forget(volume, mounts);
    }
  }
  return Launch{copy_of(former.spec, MountPlan{std::move(mounts)}),
                Again{former.id, former.name, std::move(kept), former.detached, former.image_id}}
      .run();
}

}  // namespace dunnage::launch
