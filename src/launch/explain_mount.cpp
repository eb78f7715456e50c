// SPDX-License-Identifier: Apache-2.0
// Which mount serves a path: by the kernel's number of it, and which of the plan's that is.

#include "launch/explain.hpp"
#include "model/target.hpp"
#include "plan/explain.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::launch {
namespace {

constexpr std::size_t kMostTargets = 256;  ///< that are looked up, each for a link on the way to it

/// The plan's mount at a place of the container. Targets are words; links on the way to them lead elsewhere.
const ResolvedMount* planned_at(const ExplainedPlace& place, const TableMount& mount) {
  std::size_t looked_up = 0;
  for (const ResolvedMount& planned : place.plan) {
    if (!planned.left_out && planned.target == mount.target) {
      return &planned;
    }
  }
  for (const ResolvedMount& planned : place.plan) {
    if (planned.left_out || place.table.at(planned.target) != nullptr || ++looked_up > kMostTargets) {
      continue;
    }
    launcher::Examination target;
    const auto outcome = launcher::examine(place.connection, place.root, planned.target, {}, target, {});
    if (outcome.done() && target.report.error == 0 && target.resolved == mount.target) {
      return &planned;
    }
  }
  return nullptr;
}

std::string place_on_root(const ExplainedPlace& place, const std::string& path, PathExplanation& told) {
  switch (place.rootfs.kind()) {
    case Rootfs::Kind::Directory:
      told.source = (place.rootfs.path().string() == "/" ? "" : place.rootfs.path().string()) + path;
      return fmt::format("It is the directory that is the container's root. On the host it is \"{}\".", told.source);
    case Rootfs::Kind::Image:
      return fmt::format(
          "It lives in the image \"{}\", whose layers stay as they are; what the container changes is its own.",
          place.rootfs.name());
    case Rootfs::Kind::Host:
      break;
  }
  return "It is part of the root that is made for the host's programs, in memory.";
}

/// Mounts that are none of the plan: parts of the root, /proc, /sys and /dev, masks, and what the container mounted.
std::string place_besides(const ExplainedPlace& place, const TableMount& mount, const std::string& path,
                          PathExplanation& told) {
  const bool read_only = !mount.options.empty() && mount.options.front() == "ro";
  const ResolvedMount* above = plan::mount_of(place.plan, mount.target);
  if (above != nullptr && !above->exclude.empty()) {
    return fmt::format("It is hidden: the mount \"{}\" excludes it.", above->target);
  }
  if (model::is_at_or_below(mount.target, "/proc") || model::is_at_or_below(mount.target, "/sys")) {
    const bool kernels = mount.type == "proc" || mount.type == "sysfs" || mount.type.starts_with("cgroup");
    return kernels ? read_only ? "It is the kernel's, and read-only in every container." : "It is the kernel's."
                   : "It is hidden: no container sees what the kernel has there.";
  }
  if (model::is_at_or_below(mount.target, "/dev")) {
    return "It is the container's own, in memory, with the devices every container has.";
  }
  if (place.rootfs.kind() == Rootfs::Kind::Host && read_only) {
    told.source = path;
    return fmt::format("It is the machine's own, read-only. On the host it is \"{}\".", path);
  }
  return "The container mounted it itself, or it came with the root.";
}

void describe_flags(std::uint64_t flags, PathExplanation& told) {
  told.mount_options.emplace_back((flags & ST_RDONLY) != 0 ? "ro" : "rw");
  for (const auto& [flag, word] :
       {std::pair{ST_NOSUID, "nosuid"}, std::pair{ST_NODEV, "nodev"}, std::pair{ST_NOEXEC, "noexec"}}) {
    if ((flags & static_cast<std::uint64_t>(flag)) != 0) {
      told.mount_options.emplace_back(word);
    }
  }
}

void describe_table_mount(const TableMount& mount, PathExplanation& told) {
  told.mount = mount.target;
  told.file_system = mount.type;
  told.file_system_options = mount.super_options;
  for (const std::string& option : mount.options) {
    if (option == "idmapped") {
      told.id_mapped = true;
    } else {
      told.mount_options.push_back(option);
    }
  }
}

std::string_view below_of(const std::string& path, const std::string& target) {
  return target == "/" || !model::is_at_or_below(path, target) ? std::string_view{}
                                                               : std::string_view{path}.substr(target.size());
}

}  // namespace

std::string whole_path(const std::string& path, const launcher::Examination& examined) {
  const std::string& found = examined.resolved.empty() ? path : examined.resolved;
  if (examined.report.error == 0 || examined.report.found_size >= path.size()) {
    return found;
  }
  return model::clean_path(found + "/" + path.substr(examined.report.found_size));
}

const ResolvedMount* explain_mount(const ExplainedPlace& place, const std::string& path,
                                   const launcher::Examination& examined, PathExplanation& told) {
  const std::string whole = whole_path(path, examined);
  const TableMount* mount = place.table.find(examined.report.mount);
  const ResolvedMount* planned = nullptr;
  if (mount != nullptr) {
    describe_table_mount(*mount, told);
    planned = planned_at(place, *mount);
  } else {
    planned = plan::mount_of(place.plan, whole);
    told.mount = planned == nullptr ? "/" : planned->target;
    describe_flags(examined.report.mount_flags, told);
  }
  const std::string target = told.mount;
  if (planned != nullptr) {
    plan::describe_mount(*planned, below_of(whole, target), told);
    told.mount = target;
  } else if (mount == nullptr || target == "/") {
    told.place = place_on_root(place, whole, told);
  } else {
    told.place = place_besides(place, *mount, whole, told);
  }
  if (place.table.empty()) {
    plan::list_mounts_below(place.plan, whole, told);
  } else {
    told.mounts_below = place.table.targets_below(whole);
  }
  return planned;
}

}  // namespace dunnage::launch
