// SPDX-License-Identifier: Apache-2.0
#include "plan/order.hpp"

#include "model/target.hpp"

#include <fmt/format.h>
#include <boost/filesystem.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::plan {

static void explain_covers(std::vector<ResolvedMount>& mounts);

std::vector<ResolvedMount> in_order(std::vector<ResolvedMount> mounts) {
  std::map<std::string, std::size_t> by_target;
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    by_target.emplace(mounts[index].target, index);
  }
  std::vector<ResolvedMount> ordered;
  ordered.reserve(mounts.size());
  std::vector<bool> taken(mounts.size(), false);
  const auto take = [&](std::size_t index) {
    taken[index] = true;
    ordered.push_back(std::move(mounts[index]));
  };
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (taken[index]) {
      continue;
    }
    const std::string target = mounts[index].target;
    for (std::size_t slash = target.find('/', 1); slash != std::string::npos; slash = target.find('/', slash + 1)) {
      const auto parent = by_target.find(target.substr(0, slash));
      if (parent != by_target.end() && !taken[parent->second]) {
        mounts[parent->second].reasons.push_back(
            fmt::format("it is mounted before \"{}\", which lies below it and was added earlier", target));
        take(parent->second);
      }
    }
    take(index);
  }
  explain_covers(ordered);
  return ordered;
}

namespace {

/// The mount a target lies in: the deepest one above it.
const ResolvedMount* mount_above(const std::vector<ResolvedMount>& mounts, const ResolvedMount& mount) {
  const ResolvedMount* deepest = nullptr;
  for (const ResolvedMount& other : mounts) {
    if (&other != &mount && !other.left_out && other.target != mount.target &&
        model::is_at_or_below(mount.target, other.target) &&
        (deepest == nullptr || other.target.size() > deepest->target.size())) {
      deepest = &other;
    }
  }
  return deepest;
}

std::string reason_of(const ResolvedMount& mount, const ResolvedMount& above) {
  const std::string place = mount.target.substr(above.target.size() + 1);
  if (above.kind == MountKind::Image && !above.overlay) {
    return fmt::format("its mount point has to be in the image at \"{}\", which is read-only", above.target);
  }
  if (above.kind == MountKind::Tmpfs || above.source.empty()) {
    return fmt::format("its mount point is made in the mount at \"{}\"", above.target);
  }
  boost::system::error_code fault;
  const std::string covered = (above.source / above.subpath / place).lexically_normal().string();
  const auto type = boost::filesystem::symlink_status(covered, fault).type();
  if (type == boost::filesystem::file_not_found) {
    return fmt::format("its mount point \"{}\" is missing; the start makes it there, in the mount at \"{}\"", covered,
                       above.target);
  }
  return fmt::format("it hides \"{}\", which the mount at \"{}\" shows", covered, above.target);
}

}  // namespace

static void explain_covers(std::vector<ResolvedMount>& mounts) {
  for (ResolvedMount& mount : mounts) {
    const ResolvedMount* above = mount.left_out ? nullptr : mount_above(mounts, mount);
    if (above != nullptr) {
      std::string reason = reason_of(mount, *above);
      if (std::find(mount.reasons.begin(), mount.reasons.end(), reason) == mount.reasons.end()) {
        mount.reasons.push_back(std::move(reason));
      }
    }
  }
}

}  // namespace dunnage::plan
