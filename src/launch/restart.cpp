// SPDX-License-Identifier: Apache-2.0
#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>

#include "container/changes.hpp"
#include "container/failure.hpp"
#include "container/running.hpp"
#include "container/specification.hpp"
#include "container/state.hpp"
#include "container/store_state.hpp"
#include "launch/relaunch.hpp"
#include "volume/volume_store_access.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace dunnage {
namespace {

using container::Deed;
using launcher::MessageKind;

LaunchError old_record_failure(const Deed& deed) {
  return container::failure(deed,
                            "its record is of an earlier version of the library, which did not write down its network, "
                            "its capabilities and whether its root is read-only",
                            errc::not_supported, "remove it, and launch it anew");
}

/// Tells it that its record and its anonymous volumes are needed again, and ends it.
void end_for_restart(const Container& container, const container::Running& run, std::chrono::milliseconds grace) {
  try {
    (void)run.command(MessageKind::KeepRecord, 0, "restart container");
  } catch (const LaunchError& error) {
    if (error.code() != errc::not_running) {
      throw;
    }
  }
  (void)container.stop(grace);
}

}  // namespace

void Container::restart(std::chrono::milliseconds grace) {
  state_->run()->require_ours("restart container");  // in a forked copy the mutex may be held for ever
  const std::scoped_lock lock{state_->restarting};
  const auto before = state_->run();
  const Deed deed{Stage::Run, "restart container", before->subject()};
  const container::Storage storage = container::present_storage(*state_);  // its record may go with its end
  if (!state_->spec) {
    throw old_record_failure(deed);
  }
  if (!before->wait_until(launcher::Deadline{})) {
    if (state_->lives_with_another) {
      throw container::failure(deed, "it lives with the program that launched it, which alone can restart it",
                               errc::not_supported, "stop it first, or have that program detach() or restart() it");
    }
    if (!state_->image_id.empty()) {
      container::explained(deed, [&] {
        container::hold_changes(VolumeStoreAccess::layout(VolumeStore::open(state_->store)), state_->id);
      });
    }
    end_for_restart(*this, *before, grace);
  }
  auto fresh = launch::relaunch({*state_->spec, storage, state_->id, state_->name, state_->image_id, !state_->owned});
  fresh->owned = false;  // its run moves over to this handle, which owns it
  state_->lives_with_another = false;
  state_->set_storage(fresh->storage());
  state_->set_run(fresh->run());
}

Container ContainerStore::start(std::string_view name) const {
  const Deed deed{Stage::Store, "start container", std::string{name}};
  return container::reading(deed, [&] {
    container::Met met = container::meet(deed, state_->containers().get(), name);
    if (met.contact.listener == container::Listener::Answering) {
      return container::handle_of(std::move(met), root());
    }
    const auto spec = container::specification_of(met.config, root());
    if (!spec) {
      throw old_record_failure(deed);
    }
    return ContainerAccess::make(launch::relaunch(
        {*spec, container::storage_of(met.config, root()), met.config.id, met.config.name, met.config.image_id}));
  });
}

}  // namespace dunnage
