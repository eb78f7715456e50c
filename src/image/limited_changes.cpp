// SPDX-License-Identifier: Apache-2.0
#include "image/limited_changes.hpp"

#include <dunnage/error.hpp>

#include "image/mount_room.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "volume/data_image.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/stage.hpp"

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace dunnage::image {
namespace {

volume::Deed limiting(const std::string& container) { return {"limit the changes of container", container}; }

/// In the staging of volumes, whose makers know it by its path, and then in its place at once.
LimitedChanges make_limited(const volume::Deed& deed, int place, const ChangesLimit& limit) {
  const VolumeLimitPlan plan =
      volume::choose_limit_in_store(*limit.store, deed, {.size = limit.size},
                                    "keep changes in memory, which have a size (RootChanges::Kind::Memory)");
  volume::Stage stage{limit.store->open_staging()};
  volume::make_limited_data(*limit.store, deed, stage, plan.limit, plan.way, limit.watch);
  LimitedChanges made{plan.way, {}, volume::open_limited_data(deed, stage.directory(), plan.way)};
  keep_room(made);
  if (!stage.publish(place, kLimitedName)) {
    throw kernel::CallError{"rename", EEXIST};
  }
  made.place = open_limited_place(place);
  return made;  // what is mounted stays so, wherever its file is
}

/// Quotas of btrfs that are switched off forget all limits. What is there may be more by now, and nothing is added
/// then.
void hold_again(const volume::Deed& deed, const LimitedChanges& changes, std::uint64_t size) {
  if (changes.way != LimitWay::BtrfsQuota || volume::found_limit(changes.place.get(), changes.way).size == size) {
    return;
  }
  if (kernel::quota_state(changes.top.get()) == kernel::QuotaState::Off) {
    throw volume::deed_failure(deed, "the quotas of its file system have been switched off",
                               make_error_code(errc::not_supported), "switch them on again: btrfs quota enable");
  }
  kernel::set_quota(changes.place.get(), changes.top.get(), size);
}

LimitedChanges open_top(const volume::Deed& deed, kernel::FileDescriptor limited) {
  const LimitWay way = volume::limit_way_of(limited.get());
  if (way == LimitWay::None) {
    throw kernel::CallError{"read how its limit is held", ENOENT};
  }
  auto top = volume::open_limited_data(deed, limited.get(), way);
  return {way, std::move(limited), std::move(top)};
}

}  // namespace

std::string upper_path(LimitWay way) {
  const std::string data = std::string{kLimitedName} + '/' + volume::kDataName + '/';
  return way == LimitWay::None ? "upper" : data + (volume::is_image(way) ? volume::kImageName : "upper");
}

kernel::FileDescriptor open_limited_place(int place) {
  kernel::FileDescriptor limited = kernel::open_beneath(place, kLimitedName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!limited && errno != ENOENT) {
    throw kernel::CallError{"open changes", errno};
  }
  return limited;
}

LimitedChanges open_limited_changes(const std::string& container, int place, const ChangesLimit& limit) {
  const volume::Deed deed = limiting(container);
  kernel::FileDescriptor limited = open_limited_place(place);
  if (!limited) {
    return make_limited(deed, place, limit);
  }
  LimitedChanges changes = open_top(deed, std::move(limited));
  hold_again(deed, changes, volume::held_size(limit.size));
  return changes;
}

LimitedChanges find_limited_changes(const std::string& container, int place) {
  kernel::FileDescriptor limited = open_limited_place(place);
  return limited ? open_top({"look into the changes of container", container}, std::move(limited)) : LimitedChanges{};
}

}  // namespace dunnage::image
