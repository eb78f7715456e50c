// SPDX-License-Identifier: Apache-2.0
// Other limits for a container that runs.

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>

#include "cgroup/limits.hpp"
#include "container/failure.hpp"
#include "container/record.hpp"
#include "container/running.hpp"
#include "container/state.hpp"
#include "launch/failure.hpp"
#include "launch/payload.hpp"
#include "volume/volume_store_access.hpp"

#include <mutex>
#include <string>

namespace dunnage {
namespace {

constexpr const char* kUpdate = "update container";

void apply(const container::Running& run, const Resources& resources) {
  const cgroup::Limits limits = cgroup::limits_of(resources, run.subject());
  launch::Payload payload;
  payload.fixed.argv = payload.texts({});
  payload.limits(limits, false);
  const launcher::Request request = payload.finish();
  launcher::Message message;
  message.kind = launcher::MessageKind::Update;
  const launcher::Received answer = run.ask(message, request.payload, kUpdate);
  const launcher::Failure& failure = answer.message.failure;
  if (failure.step == launcher::Step::FindCgroup) {
    throw container::failure({Stage::Run, kUpdate, run.subject()}, "it was launched without limits of that kind",
                             errc::not_supported, "launch it with one, or with Resources::statistics");
  }
  if (failure.error != 0) {
    launch::throw_failure({kUpdate, run.subject(), {}, {}, nullptr, &limits}, failure);
  }
}

/// What the container has now: another handle may have changed it since this one was made.
Resources present(const ContainerAccess::ContainerState& state, const container::Deed& deed) {
  if (state.recorded) {
    const auto known = container::explained(deed, [&] {
      const VolumeStore store = VolumeStore::open(state.store);
      return container::resources_of(VolumeStoreAccess::layout(store), state.name, state.id);
    });
    if (known) {
      return *known;
    }
  }
  return state.spec ? state.spec->resources : Resources{};
}

/// Goes first: what a full disk refuses has changed nothing yet.
void note(const ContainerAccess::ContainerState& state, const container::Deed& deed, const Resources& resources) {
  if (state.recorded) {
    container::explained(deed, [&] {
      const VolumeStore store = VolumeStore::open(state.store);
      container::mark_resources(VolumeStoreAccess::layout(store), state.name, state.id, resources);
    });
  }
}

}  // namespace

void Container::update(const Resources& changes) {
  const std::scoped_lock lock{state_->restarting};
  const auto run = state_->run();
  const container::Deed deed{Stage::Run, kUpdate, run->subject()};
  run->require_ours(kUpdate);
  const Resources before = present(*state_, deed);
  const Resources after = before.with(changes);
  note(*state_, deed, after);
  try {
    apply(*run, after);
  } catch (const Error&) {
    note(*state_, deed, before);
    throw;
  }
  if (state_->spec) {
    state_->spec->resources = after;
  }
}

}  // namespace dunnage
