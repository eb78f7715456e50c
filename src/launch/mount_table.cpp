// SPDX-License-Identifier: Apache-2.0
#include "launch/mount_table.hpp"

#include "container/running.hpp"
#include "kernel/files.hpp"
#include "launcher/fields.hpp"
#include "launcher/mountinfo.hpp"
#include "model/target.hpp"

#include <poll.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

namespace dunnage::launch {
namespace {

/// A namespace may have 100,000 mounts (fs.mount-max), unless root of the machine wants more.
constexpr std::size_t kMostMountinfo = std::size_t{64} << 20U;

std::uint64_t number_in(std::string_view text) {
  std::uint64_t value = 0;
  (void)std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::vector<std::string> options_in(std::string_view text) {
  std::vector<std::string> options;
  for (const std::string_view option : launcher::fields_of(text, ',')) {
    options.push_back(launcher::unescaped(option));
  }
  return options;
}

/// What came after the name of the descriptor may be another process's by now.
bool has_ended(int process) noexcept {
  pollfd item{process, POLLIN, 0};
  return ::poll(&item, 1, 0) != 0;
}

}  // namespace

MountTable::MountTable(std::string_view mountinfo) {
  constexpr std::size_t kParent = 1;
  constexpr std::size_t kTarget = 4;
  constexpr std::size_t kOptions = 5;
  constexpr std::size_t kSuperOptions = 2;
  for (const auto& [before, after] : launcher::mountinfo_lines(mountinfo)) {
    if (before.size() <= kOptions || after.size() <= kSuperOptions) {
      continue;
    }
    mounts_.push_back({.id = number_in(before.front()),
                       .parent = number_in(before[kParent]),
                       .target = launcher::unescaped(before[kTarget]),
                       .options = options_in(before[kOptions]),
                       .type = launcher::unescaped(after.front()),
                       .super_options = options_in(after[kSuperOptions])});
  }
}

MountTable MountTable::of(int process) {
  const int pid = container::pid_of(process);
  if (pid <= 0) {
    return {};
  }
  std::string buffer;
  const std::string path = "/proc/" + std::to_string(pid) + "/mountinfo";
  const auto [text, number] = kernel::read_host_file(path.c_str(), buffer, kMostMountinfo);
  return number != 0 || has_ended(process) ? MountTable{} : MountTable{text};
}

const TableMount* MountTable::find(std::uint64_t id) const {
  const auto found = std::ranges::find(mounts_, id, &TableMount::id);
  return found == mounts_.end() ? nullptr : &*found;
}

const TableMount* MountTable::at(std::string_view target) const {
  const auto found =
      std::find_if(mounts_.rbegin(), mounts_.rend(), [&](const TableMount& mount) { return mount.target == target; });
  return found == mounts_.rend() ? nullptr : &*found;
}

bool MountTable::lies_on(const TableMount& upper, const TableMount& lower) const {
  const TableMount* mount = &upper;
  for (std::size_t steps = 0; mount != nullptr && steps <= mounts_.size(); ++steps) {
    if (mount->parent == lower.id) {
      return true;
    }
    mount = mount->parent == mount->id ? nullptr : find(mount->parent);
  }
  return false;
}

std::vector<const TableMount*> MountTable::hidden_by(const TableMount& mount, std::string_view path) const {
  std::vector<const TableMount*> hidden;
  for (const TableMount& other : mounts_) {
    const bool covered = other.id != mount.id && model::is_at_or_below(other.target, mount.target) &&
                         model::is_at_or_below(path, other.target) && !lies_on(other, mount);
    if (covered) {
      hidden.push_back(&other);
    }
  }
  return hidden;
}

std::vector<std::string> MountTable::targets_below(std::string_view path) const {
  std::vector<std::string> targets;
  for (const TableMount& mount : mounts_) {
    if (mount.target != path && model::is_at_or_below(mount.target, path) && at(mount.target) == &mount) {
      targets.push_back(mount.target);
    }
  }
  std::ranges::sort(targets);
  targets.erase(std::unique(targets.begin(), targets.end()), targets.end());
  return targets;
}

}  // namespace dunnage::launch
