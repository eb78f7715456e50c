// SPDX-License-Identifier: Apache-2.0
// Mounts of a container that runs.

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "container/running.hpp"
#include "container/state.hpp"
#include "launch/live_change.hpp"
#include "model/target.hpp"
#include "plan/copy_up.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <mutex>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

using State = ContainerAccess::ContainerState;

/// The one mount, as a launch would have it.
ResolvedMount resolve_for(const State& state, Mount mount) {
  MountSet set;
  set.add(std::move(mount));
  MountPlan plan = set.resolve({.store = state.store, .current_directory = {}});
  if (state.rootfs.kind() == Rootfs::Kind::Image) {
    plan = plan::with_copy_up(plan);
  }
  return plan[std::size_t{0}];
}

}  // namespace

ResolvedMount Container::attach(Mount mount) {
  state_->run()->require_ours("attach mounts of container");  // in a forked copy the mutex may be held for ever
  ResolvedMount wanted = resolve_for(*state_, std::move(mount));
  if (wanted.left_out) {
    return wanted;
  }
  const std::scoped_lock lock{state_->restarting};
  return launch::LiveChange{*state_, launch::kAttachVerb}.attach(wanted);
}

MountPlan Container::attach(const MountPlan& plan) {
  state_->run()->require_ours("attach mounts of container");
  const std::scoped_lock lock{state_->restarting};
  std::vector<ResolvedMount> made;
  try {
    for (const ResolvedMount& mount : plan) {
      made.push_back(mount.left_out ? mount : launch::LiveChange{*state_, launch::kAttachVerb}.attach(mount));
    }
  } catch (...) {
    for (auto mount = made.rbegin(); mount != made.rend(); ++mount) {
      try {
        if (!mount->left_out) {
          launch::LiveChange{*state_, launch::kDetachVerb}.detach(mount->target, true);
        }
      } catch (const Error&) {
        // it has ended, or takes mounts off itself: the first failure is the one to report
      }
    }
    throw;
  }
  return MountPlan{std::move(made)};
}

void Container::detach(std::string_view target, const DetachOptions& options) {
  state_->run()->require_ours("detach mounts of container");
  const std::scoped_lock lock{state_->restarting};
  launch::LiveChange{*state_, launch::kDetachVerb}.detach(target, options.lazy);
}

ResolvedMount Container::replace(std::string_view target, Mount mount) {
  state_->run()->require_ours("replace mounts of container");
  ResolvedMount wanted = resolve_for(*state_, std::move(mount));
  if (wanted.target != model::clean_path(target)) {
    throw launch::mount_failure(launch::kReplaceVerb, wanted,
                                fmt::format("it is to be mounted at another place than \"{}\"", target),
                                errc::invalid_argument, "give both the same target");
  }
  if (wanted.left_out) {
    throw launch::mount_failure(launch::kReplaceVerb, wanted, "it has no source, and is optional", errc::source_missing,
                                "create its source, or detach what is there");
  }
  const std::scoped_lock lock{state_->restarting};
  return launch::LiveChange{*state_, launch::kReplaceVerb}.replace(target, wanted);
}

std::vector<MountHolder> Container::mount_holders(std::string_view target) const {
  return launch::LiveChange{*state_, launch::kHoldersVerb}.holders(target);
}

}  // namespace dunnage
