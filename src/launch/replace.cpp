// SPDX-License-Identifier: Apache-2.0
// What a container takes over from the one whose place it takes.

#include "container/failure.hpp"
#include "container/record.hpp"
#include "launch/launch.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/volume_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace dunnage::launch {

void Launch::take_volumes_over() {
  if (!replaces() || spec_.replace != Replace::KeepVolumes || !std::holds_alternative<MountPlan>(spec_.mounts)) {
    return;
  }
  const auto store = VolumeStoreAccess::open_existing(store_path());
  if (!store) {
    return;
  }
  const auto former = container::explained({Stage::Launch, "launch container", name_}, [&] {
    return container::anonymous_volumes_of(VolumeStoreAccess::layout(*store), name_);
  });
  const MountPlan& plan = std::get<MountPlan>(spec_.mounts);
  std::vector<ResolvedMount> mounts{plan.begin(), plan.end()};
  for (ResolvedMount& mount : mounts) {
    const auto place = std::find_if(former.begin(), former.end(), [&](const auto& volume) {
      return mount.kind == MountKind::Volume && mount.volume.empty() && volume.second == mount.target;
    });
    const auto volume = place == former.end() ? std::nullopt : store->find(place->first);
    if (!volume) {
      continue;
    }
    mount.volume = volume->name();
    mount.source = volume->mountpoint();
    mount.driver_options = volume->info().driver_options;
    mount.limit_way = volume->info().limit_way;
    mount.create_volume = false;
    mount.reasons.push_back(fmt::format("it is that of the container \"{}\" before this one", name_));
    inherited_.push_back({store->root(), volume->name()});
  }
  spec_.mounts = MountPlan{std::move(mounts)};
}

}  // namespace dunnage::launch
