// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_change.hpp"

#include "volume/data_image.hpp"
#include "volume/limit_choice.hpp"
#include "volume/memory_limit.hpp"

#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

[[noreturn]] void refuse_change(const Deed& deed, std::string cause, std::string remedy) {
  throw deed_failure(deed, std::move(cause), make_error_code(errc::not_supported), std::move(remedy));
}

bool is_in_memory(const DriverOptions& options) {
  const auto type = options.find("type");
  return type != options.end() && type->second == "tmpfs";
}

/// The driver's options are changed, or stay, and the limit has to hold as before.
void keep_limit_with_options(const Deed& deed, const VolumeInfo& before, const VolumeChanges& changes,
                             VolumeInfo& after) {
  if (before.limit_way == LimitWay::Memory) {
    if (changes.driver_options) {
      (void)plan_memory_limit(deed, after.limit, after.driver_options);  // refuses a size in "o"
      if (!is_in_memory(after.driver_options)) {
        refuse_change(deed, "its limit is that of a file system in memory", "keep the option type=tmpfs");
      }
    }
    after.driver_options = with_memory_limit(after.driver_options, after.limit);
  } else if (before.limit_way != LimitWay::None && !after.driver_options.empty()) {
    refuse_change(deed, "it has a limit, which does not hold where the driver's options say",
                  "leave out the options, or take the limit away");
  }
}

/// A quota changes, and a file system grows; anything else is made anew.
bool changes_where_it_is(const VolumeInfo& before, const VolumeLimit& limit) {
  if (before.limit_way == LimitWay::BtrfsQuota) {
    return limit.inodes == 0 && limit.size != 0;
  }
  return is_image(before.limit_way) && limit.inodes == before.limit.inodes &&
         (limit.inodes == 0 ? limit.size >= before.limit.size : limit.size == before.limit.size);
}

/// The options of a volume without what its limit has put there.
DriverOptions options_without_limit(const VolumeInfo& before, const VolumeChanges& changes, const VolumeInfo& after) {
  return before.limit_way == LimitWay::Memory && !changes.driver_options ? with_memory_limit(after.driver_options, {})
                                                                         : after.driver_options;
}

}  // namespace

void take_limit_change(const Layout& layout, const Deed& deed, const VolumeInfo& before, const VolumeChanges& changes,
                       VolumeInfo& after) {
  if (!changes.limit) {
    keep_limit_with_options(deed, before, changes, after);
    return;
  }
  after.driver_options = options_without_limit(before, changes, after);
  const VolumeLimit limit{changes.limit->size / kLimitStep * kLimitStep, changes.limit->inodes};
  if (changes.limit->is_none()) {
    after.limit = {};
    after.limit_way = LimitWay::None;
    return;
  }
  if (after.driver_options.empty() && changes_where_it_is(before, limit)) {
    after.limit = limit;
    return;
  }
  const VolumeLimitPlan plan = choose_limit(layout, deed, *changes.limit, after.driver_options);
  after.limit = plan.limit;
  after.limit_way = plan.way;
  if (plan.way == LimitWay::Memory) {
    after.driver_options = with_memory_limit(after.driver_options, plan.limit);
  }
}

bool moves_data(const VolumeInfo& before, const VolumeInfo& after) noexcept {
  if (!is_in_store(before.limit_way) && !is_in_store(after.limit_way)) {
    return false;
  }
  return before.limit_way != after.limit_way ||
         (before.limit != after.limit && !changes_where_it_is(before, after.limit));
}

bool limit_needs_no_users(const VolumeInfo& before, const VolumeInfo& after) noexcept {
  return moves_data(before, after) ||
         (before.limit != after.limit && is_image(after.limit_way) && !grows_while_mounted(after.limit_way));
}

std::vector<std::string> costs_of_limit(const Layout& layout, const Deed& deed, const VolumeInfo& before,
                                        const VolumeInfo& after) {
  if (!moves_data(before, after)) {
    return {};
  }
  std::vector<std::string> costs{
      "all of its data is copied to where the new limit is held, and both take space until that is done"};
  if (after.limit_way != LimitWay::None) {
    for (std::string& cost : choose_limit(layout, deed, after.limit, after.driver_options).costs) {
      costs.push_back(std::move(cost));
    }
  }
  return costs;
}

}  // namespace dunnage::volume
