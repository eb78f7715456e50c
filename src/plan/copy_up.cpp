// SPDX-License-Identifier: Apache-2.0
#include "plan/copy_up.hpp"

#include "volume/local_driver.hpp"

#include <utility>
#include <vector>

namespace dunnage::plan {

/// As Docker has it, also if the volume is mounted read-only.
void decide_copy_up(ResolvedMount& mount) {
  volume::LocalDriver driver;
  const bool own =
      !volume::read_driver_options(mount.driver_options, driver) && driver.kind == volume::LocalDriver::Kind::Directory;
  if (mount.no_copy) {
    mount.reasons.emplace_back("nothing of the image is copied into it, because no_copy is set");
  } else if (!own) {
    mount.reasons.emplace_back(
        "nothing of the image is copied into it, because it has options of its driver and shows another place");
  } else {
    mount.copy_up = true;
    mount.reasons.emplace_back(
        "if it is empty and nobody uses it, preparing fills it with what the image has there, if it has a directory "
        "there");
  }
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
