// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_change.hpp"

#include "volume/data_image.hpp"
#include "volume/limit_choice.hpp"
#include "volume/memory_limit.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

[[noreturn]] void refuse_change(const Deed& deed, std::string cause, std::string remedy,
                                errc code = errc::not_supported) {
  throw deed_failure(deed, std::move(cause), make_error_code(code), std::move(remedy));
}

/// Of what lies in the store.
void check_change(const Deed& deed, const VolumeInfo& before, const VolumeLimit& limit) {
  if (limit.inodes != before.limit.inodes) {
    refuse_change(
        deed,
        fmt::format("the number of inodes of a volume that is held by {} does not change", to_string(before.limit_way)),
        "copy it into a volume that is made with that limit");
  }
  if (is_image(before.limit_way) && limit.size < before.limit.size) {
    refuse_change(deed, "a file system in an image does not shrink",
                  "copy it into a volume that is made with that limit");
  }
  if (limit.inodes != 0 && limit.size != before.limit.size) {
    refuse_change(deed, "ext4 that grows has more inodes, and their number is limited",
                  "copy it into a volume that is made with that limit");
  }
}

}  // namespace

void take_limit_change(const Deed& deed, const VolumeInfo& before, const VolumeChanges& changes, VolumeInfo& after) {
  if (before.limit_way == LimitWay::None) {
    if (changes.limit && !changes.limit->is_none()) {
      refuse_change(deed, "it was made without a limit", "copy it into a volume that is made with one");
    }
    return;
  }
  if (changes.limit) {
    after.limit = {changes.limit->size / kLimitStep * kLimitStep, changes.limit->inodes};
    if (after.limit.is_none()) {
      refuse_change(deed, "a limit is not taken away", "give a larger one, or copy it into a volume without");
    }
  }
  if (before.limit_way == LimitWay::Memory) {
    if (changes.driver_options) {
      (void)plan_memory_limit(deed, after.limit, after.driver_options);  // refuses a size in "o"
      const auto type = after.driver_options.find("type");
      if (type == after.driver_options.end() || type->second != "tmpfs") {
        refuse_change(deed, "its limit is that of a file system in memory", "keep the option type=tmpfs");
      }
    }
    after.driver_options = with_memory_limit(after.driver_options, after.limit);
    return;
  }
  if (!after.driver_options.empty()) {
    refuse_change(deed, "it has a limit, which does not hold where the driver's options say", "leave out the options");
  }
  check_change(deed, before, after.limit);
}

bool limit_needs_no_users(const VolumeInfo& before, const VolumeInfo& after) noexcept {
  return before.limit != after.limit && is_image(after.limit_way) && !grows_while_mounted(after.limit_way);
}

}  // namespace dunnage::volume
