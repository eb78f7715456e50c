// SPDX-License-Identifier: Apache-2.0
// The same container again: same id, name and specification, new mounts and streams.

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "container/running.hpp"
#include "container/state.hpp"
#include "launch/launch.hpp"

#include <chrono>
#include <memory>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

bool is_there(const AnonymousVolume& volume) { return VolumeStore::open(volume.store).find(volume.name).has_value(); }

/// An anonymous volume may have gone with the end of the container; its mount is one to be made anew then.
void forget(const AnonymousVolume& gone, std::vector<ResolvedMount>& mounts) {
  for (ResolvedMount& mount : mounts) {
    if (mount.kind == MountKind::Volume && mount.volume == gone.name && mount.store == gone.store) {
      mount.volume.clear();
      mount.source.clear();
      mount.create_volume = true;
    }
  }
}

}  // namespace

void Container::restart(std::chrono::milliseconds grace) {
  const auto before = state_->run();
  before->require_ours("restart container");
  if (!state_->spec) {
    throw LaunchError{{.stage = Stage::Run,
                       .operation = "restart container",
                       .subject = before->subject(),
                       .detail = {},
                       .cause = "this handle was made by a store, and only the process that launched a container knows "
                                "all of its specification",
                       .code = errc::not_supported,
                       .remedy = "stop it, and launch it anew"}};
  }
  if (!before->wait_until(launcher::Deadline{})) {
    try {
      (void)before->command(launcher::MessageKind::KeepRecord, 0, "restart container");
    } catch (const LaunchError& error) {
      if (error.code() != errc::not_running) {
        throw;
      }
    }
    (void)stop(grace);
  }
  std::vector<ResolvedMount> mounts{state_->plan.begin(), state_->plan.end()};
  std::vector<AnonymousVolume> kept;
  for (const AnonymousVolume& volume : state_->anonymous) {
    if (is_there(volume)) {
      kept.push_back(volume);
    } else {
      forget(volume, mounts);
    }
  }
  const LaunchSpec& known = *state_->spec;
  LaunchSpec spec{.rootfs = known.rootfs,
                  .argv = known.argv,
                  .mounts = MountPlan{std::move(mounts)},
                  .env = known.env,
                  .cwd = known.cwd,
                  .user = known.user,
                  .groups = known.groups,
                  .hostname = known.hostname,
                  .read_only_root = known.read_only_root,
                  .network = known.network,
                  .in = known.in,
                  .out = known.out,
                  .err = known.err,
                  .terminal = known.terminal,
                  .no_new_privileges = known.no_new_privileges,
                  .add_capabilities = known.add_capabilities,
                  .drop_capabilities = known.drop_capabilities,
                  .lifetime = known.lifetime,
                  .restart = known.restart,
                  .stop_signal = known.stop_signal,
                  .name = known.name,
                  .labels = known.labels,
                  .record = known.record,
                  .remove_on_exit = known.remove_on_exit,
                  .store = known.store,
                  .launch_timeout = known.launch_timeout};
  auto fresh = launch::Launch{std::move(spec), launch::Again{state_->id, state_->name, kept}}.run();
  fresh->owned = false;  // its run moves over to this handle, which owns it
  if (kept.size() != state_->anonymous.size()) {
    state_->plan = fresh->plan;
    state_->anonymous = fresh->anonymous;
  }
  state_->set_run(fresh->run());
}

}  // namespace dunnage
