// SPDX-License-Identifier: Apache-2.0
#include "plan/copy_up.hpp"

#include "plan/host_path.hpp"
#include "plan/known_directory.hpp"
#include "volume/limit_choice.hpp"
#include "volume/local_driver.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>
#include <utility>
#include <vector>

namespace dunnage::plan {
namespace {

/// Of a directory of the host.
const char* obstacle_at(const std::filesystem::path& device) {
  const HostPath found = follow_host_path(device.string());
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;  // kinds do not change
  if (found.number != 0 || ::statx(found.opened.get(), "", kWithoutAsking, STATX_TYPE, &status) != 0 ||
      !S_ISDIR(status.stx_mode)) {
    return "what it shows is no directory that can be reached";
  }
  return is_known_directory(found.path) ? "what it shows is a directory of the machine itself" : nullptr;
}

/// Why a volume that shows another place than its own directory is left as it is; null if it is not.
const char* obstacle(const ResolvedMount& mount, const volume::LocalDriver& driver) {
  if (driver.kind == volume::LocalDriver::Kind::Directory) {
    return volume::is_in_store(mount.limit_way) && !mount.subpath.empty()
               ? "it has a limit, and can be filled as a whole only"
               : nullptr;
  }
  if (!mount.subpath.empty()) {
    return "it shows another place than its own directory, which can be filled as a whole only";
  }
  if (driver.read_only || (driver.kind == volume::LocalDriver::Kind::Tmpfs && mount.read_only)) {
    return "what it shows is read-only";
  }
  return driver.kind == volume::LocalDriver::Kind::Bind ? obstacle_at(driver.device) : nullptr;
}

}  // namespace

/// As Docker has it, also if the volume is mounted read-only.
void decide_copy_up(ResolvedMount& mount) {
  volume::LocalDriver driver;
  const bool faulty = volume::read_driver_options(mount.driver_options, driver).has_value();
  const char* why_not = mount.no_copy ? "no_copy is set"
                        : faulty      ? "the options of its driver are wrong"
                                      : obstacle(mount, driver);
  mount.copy_up = why_not == nullptr;
  mount.reasons.push_back(
      mount.copy_up
          ? "if it is empty and nobody uses it, preparing fills it with what the image has there, if it has a "
            "directory there"
          : fmt::format("nothing of the image is copied into it, because {}", why_not));
}

MountPlan with_copy_up(const MountPlan& plan) {
  std::vector<ResolvedMount> mounts{plan.begin(), plan.end()};
  for (ResolvedMount& mount : mounts) {
    if (mount.kind == MountKind::Volume) {
      decide_copy_up(mount);
    }
  }
  return MountPlan{std::move(mounts)};
}

}  // namespace dunnage::plan
