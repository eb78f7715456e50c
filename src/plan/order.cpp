// SPDX-License-Identifier: Apache-2.0
#include "plan/order.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/timed_call.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/openat2.h>

#include <algorithm>
#include <bitset>
#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace dunnage::plan {
namespace {

/// The mounts by their targets; the texts are the mounts' own, which stay where they are as long as this is used. Most
/// mounts lie in no other, which the lengths of the targets tell without a table of them.
class Targets {
 public:
  explicit Targets(const std::vector<ResolvedMount>& mounts) : mounts_{mounts} {
    for (const ResolvedMount& mount : mounts) {
      sizes_.set(std::min(mount.target.size(), sizes_.size() - 1));
    }
  }

  /// The mount with that target; none: nothing is mounted there.
  [[nodiscard]] std::optional<std::size_t> find(std::string_view target) {
    if (!sizes_.test(std::min(target.size(), sizes_.size() - 1))) {
      return std::nullopt;
    }
    if (known_.empty()) {
      known_.reserve(mounts_.size());
      for (std::size_t index = 0; index < mounts_.size(); ++index) {
        known_.emplace(mounts_[index].target, index);
      }
    }
    const auto found = known_.find(target);
    return found == known_.end() ? std::nullopt : std::optional{found->second};
  }

 private:
  const std::vector<ResolvedMount>& mounts_;
  std::bitset<256> sizes_;  ///< the last stands for all that are longer
  std::unordered_map<std::string_view, std::size_t> known_;
};

/// Parents come before children, said in the reasons of those that move.
std::vector<std::size_t> order_of(std::vector<ResolvedMount>& mounts, Targets& targets) {
  std::vector<std::size_t> order;
  order.reserve(mounts.size());
  std::vector<bool> taken(mounts.size(), false);
  const auto take = [&](std::size_t index) {
    taken[index] = true;
    order.push_back(index);
  };
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    if (taken[index]) {
      continue;
    }
    const std::string_view target = mounts[index].target;
    for (std::size_t slash = target.find('/', 1); slash != std::string::npos; slash = target.find('/', slash + 1)) {
      const auto parent = targets.find(target.substr(0, slash));
      if (parent && !taken[*parent]) {
        mounts[*parent].reasons.push_back(
            fmt::format("it is mounted before \"{}\", which lies below it and was added earlier", target));
        take(*parent);
      }
    }
    take(index);
  }
  return order;
}

/// The mount a target lies in: the deepest one above it.
const ResolvedMount* mount_above(const std::vector<ResolvedMount>& mounts, Targets& targets, std::string_view target) {
  for (std::size_t slash = target.rfind('/'); slash != std::string::npos && slash > 0;
       slash = target.rfind('/', slash - 1)) {
    const auto above = targets.find(target.substr(0, slash));
    if (above && !mounts[*above].left_out) {
      return &mounts[*above];
    }
  }
  return nullptr;
}

/// Containers may have put links there: none is followed, and one is something that is there.
bool is_missing(const std::filesystem::path& source, const std::filesystem::path& below) {
  constexpr auto kNoLinks = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const kernel::FileDescriptor top{kernel::open_in_time(AT_FDCWD, source.c_str(), O_PATH, 0)};
  const kernel::FileDescriptor found{top ? kernel::open_in_time(top.get(), below.c_str(), O_PATH | O_NOFOLLOW, kNoLinks)
                                         : top.get()};
  return found.get() == -ENOENT || found.get() == -ENOTDIR;
}

std::string reason_of(const ResolvedMount& mount, const ResolvedMount& above) {
  const std::string place = mount.target.substr(above.target.size() + 1);
  if (above.kind == MountKind::Image && !above.overlay) {
    return fmt::format("its mount point has to be in the image at \"{}\", which is read-only", above.target);
  }
  if (above.kind == MountKind::Tmpfs || above.source.empty()) {
    return fmt::format("its mount point is made in the mount at \"{}\"", above.target);
  }
  const std::filesystem::path below = (std::filesystem::path{above.subpath} / place).lexically_normal();
  const std::string covered = (above.source / below).string();
  if (is_missing(above.source, below)) {
    return fmt::format("its mount point \"{}\" is missing; the start makes it there, in the mount at \"{}\"", covered,
                       above.target);
  }
  return fmt::format("it hides \"{}\", which the mount at \"{}\" shows", covered, above.target);
}

void explain_covers(std::vector<ResolvedMount>& mounts, Targets& targets) {
  for (ResolvedMount& mount : mounts) {
    const ResolvedMount* above = mount.left_out ? nullptr : mount_above(mounts, targets, mount.target);
    if (above != nullptr) {
      std::string reason = reason_of(mount, *above);
      if (std::find(mount.reasons.begin(), mount.reasons.end(), reason) == mount.reasons.end()) {
        mount.reasons.push_back(std::move(reason));
      }
    }
  }
}

}  // namespace

std::vector<ResolvedMount> in_order(std::vector<ResolvedMount> mounts) {
  Targets targets{mounts};
  const std::vector<std::size_t> order = order_of(mounts, targets);
  explain_covers(mounts, targets);
  if (std::is_sorted(order.begin(), order.end())) {
    return mounts;
  }
  std::vector<ResolvedMount> ordered;
  ordered.reserve(mounts.size());
  for (const std::size_t index : order) {
    ordered.push_back(std::move(mounts[index]));
  }
  return ordered;
}

}  // namespace dunnage::plan
