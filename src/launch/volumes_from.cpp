// SPDX-License-Identifier: Apache-2.0
#include "launch/volumes_from.hpp"

#include "container/config.hpp"
#include "container/failure.hpp"
#include "container/lookup.hpp"
#include "container/record.hpp"
#include "plan/order.hpp"
#include "volume/volume_store_access.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace dunnage::launch {
namespace {

using container::Deed;

MountPlan mounts_of(const Deed& deed, const volume::Layout& layout, const std::string& word) {
  return container::explained(deed, [&] {
    const kernel::FileDescriptor containers = container::open_containers(layout);
    const container::Found found = container::get_record({deed.stage, deed.operation, word}, containers.get(), word);
    try {
      return container::read_config(found.directory.get()).mounts;
    } catch (const std::invalid_argument& fault) {
      throw container::failure(deed, fmt::format("the record of \"{}\" is damaged: {}", word, fault.what()),
                               std::make_error_code(std::errc::io_error), "choose another container");
    }
  });
}

bool is_free(const std::vector<ResolvedMount>& mounts, const std::string& target) {
  return std::none_of(mounts.begin(), mounts.end(), [&](const ResolvedMount& mount) { return mount.target == target; });
}

ResolvedMount taken_over(ResolvedMount mount, const VolumesFrom& from) {
  if (from.read_only && !mount.read_only) {
    mount.read_only = true;
    mount.recursive_read_only = mount.recursive;
  }
  mount.chown = false;  // it was done for the other container, and its user has the files
  mount.masked.clear();
  mount.copy_up = false;
  mount.reasons = {fmt::format("it is that of container \"{}\"{}", from.container,
                               from.read_only ? ", read-only because that was asked for" : "")};
  return mount;
}

}  // namespace

MountPlan with_volumes_from(const MountPlan& own, const std::vector<VolumesFrom>& others,
                            const std::filesystem::path& store, const std::string& subject) {
  const Deed deed{Stage::Launch, "take over the volumes for container", subject};
  const auto volumes = VolumeStoreAccess::open_existing(store);
  std::vector<ResolvedMount> mounts{own.begin(), own.end()};
  for (const VolumesFrom& from : others) {
    if (!volumes) {
      throw container::missing_failure({Stage::Launch, deed.operation, from.container}, {});
    }
    for (const ResolvedMount& mount : mounts_of(deed, VolumeStoreAccess::layout(*volumes), from.container)) {
      if (mount.kind != MountKind::Tmpfs && !mount.left_out && is_free(mounts, mount.target)) {
        mounts.push_back(taken_over(mount, from));
      }
    }
  }
  return MountPlan{plan::in_order(std::move(mounts))};
}

}  // namespace dunnage::launch
