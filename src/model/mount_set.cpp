// SPDX-License-Identifier: Apache-2.0
#include <dunnage/mount_set.hpp>

#include "model/mount_name.hpp"
#include "model/target.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>
#include <variant>

namespace dunnage {

MountSet::MountSet(std::initializer_list<Mount> mounts) {
  mounts_.reserve(mounts.size());
  for (const Mount& mount : mounts) {
    add(mount);
  }
}

MountSet& MountSet::add(Mount mount) {
  if (const auto fault = model::fault_of_target(target_of(mount))) {
    throw model::mount_error(Stage::Parse, "add", mount, std::string{fault->cause}, errc::invalid_argument,
                             std::string{fault->remedy});
  }
  std::string clean = model::clean_path(target_of(mount));
  // targets of many mounts are often of one length and alike but for their ends
  const auto taken = std::find_if(mounts_.begin(), mounts_.end(), [&](const Mount& other) {
    const std::string& target = target_of(other);
    return target.size() == clean.size() && target.back() == clean.back() && target == clean;
  });
  if (taken != mounts_.end()) {
    throw model::mount_error(Stage::Parse, "add", mount, "taken by " + model::name_of(*taken), errc::duplicate_target,
                             "choose another target or leave one of the two out");
  }
  std::visit([&](auto& kind) { kind.target = std::move(clean); }, mount);
  mounts_.push_back(std::move(mount));
  return *this;
}

std::string MountSet::to_string() const {
  std::string text;
  for (const Mount& mount : mounts_) {
    text += dunnage::to_string(mount);
    text += '\n';
  }
  if (!text.empty()) {
    text.pop_back();
  }
  return text;
}

std::ostream& operator<<(std::ostream& out, const MountSet& mounts) { return out << mounts.to_string(); }

}  // namespace dunnage
