// SPDX-License-Identifier: Apache-2.0
#include "container/state.hpp"

#include "container/renamed_volumes.hpp"

namespace dunnage {

container::Storage Container::State::storage() const {
  container::Storage storage = storage_.get();
  MountPlan plan = *storage.plan;
  const auto renamed = container::follow_renames(plan, storage.volumes);
  if (renamed.empty()) {
    return storage;
  }
  storage.plan = std::make_shared<const MountPlan>(std::move(plan));
  for (const container::RenamedVolume& volume : renamed) {
    for (AnonymousVolume& anonymous : storage.anonymous) {
      if (anonymous.name == volume.from && anonymous.store == volume.store) {
        anonymous.name = volume.to;
      }
    }
  }
  return storage;
}

}  // namespace dunnage
