// SPDX-License-Identifier: Apache-2.0
#include "plan/image_volumes.hpp"

#include "model/target.hpp"
#include "plan/copy_up.hpp"
#include "plan/order.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <string_view>
#include <utility>

namespace dunnage::plan {
namespace {

constexpr std::size_t kMostVolumes = 1000;

MountError refusal(const DeclaredVolumes& volumes, const std::string& target, std::string cause, errc code) {
  return MountError{{.stage = Stage::Resolve,
                     .operation = "use the image",
                     .subject = volumes.image,
                     .detail = {},
                     .cause = std::move(cause),
                     .code = code,
                     .remedy = "set image_volumes to ignore what it declares, or use another image"},
                    {},
                    target};
}

/// "" is no place, and Docker's own builder refuses it too; a relative path is meant from the root.
std::string target_of(const DeclaredVolumes& volumes, const std::string& path) {
  std::string target = model::clean_path(path);
  if (target == "/") {
    throw refusal(volumes, target, fmt::format("it declares its root as a volume (\"{}\")", path),
                  errc::target_conflict);
  }
  if (const auto fault = model::fault_of_target(target)) {
    throw refusal(volumes, target, fmt::format("it declares a volume at \"{}\": {}", path, fault->cause),
                  errc::invalid_argument);
  }
  for (const std::string_view place : {"/proc", "/sys", "/dev"}) {
    if (model::is_at_or_below(target, place)) {
      throw refusal(
          volumes, target,
          fmt::format("it declares a volume at \"{}\", and \"{}\" belongs to the container itself", path, place),
          errc::target_conflict);
    }
  }
  return target;
}

Mount mount_at(const std::string& target, ImageVolumes as) {
  return as == ImageVolumes::Tmpfs ? Mount{Tmpfs{target}} : Mount{VolumeMount{"", target}};
}

}  // namespace

MountPlan with_image_volumes(const MountPlan& plan, const DeclaredVolumes& volumes, const ResolveOptions& options) {
  if (volumes.as == ImageVolumes::Ignore || volumes.paths.empty()) {
    return plan;
  }
  if (volumes.paths.size() > kMostVolumes) {
    throw refusal(volumes, {}, fmt::format("it declares {} volumes", volumes.paths.size()), errc::invalid_argument);
  }
  std::vector<ResolvedMount> mounts{plan.begin(), plan.end()};
  for (const std::string& path : volumes.paths) {
    const std::string target = target_of(volumes, path);
    const auto taken = [&](const ResolvedMount& mount) { return mount.target == target; };
    if (std::none_of(mounts.begin(), mounts.end(), taken)) {
      ResolveOptions plain;
      plain.store = options.store;
      ResolvedMount mount = MountSet{mount_at(target, volumes.as)}.resolve(plain)[0];
      if (mount.kind == MountKind::Volume) {
        decide_copy_up(mount);
      }
      mount.reasons.push_back(fmt::format("the image \"{}\" declares a volume here", volumes.image));
      mounts.push_back(std::move(mount));
    }
  }
  return MountPlan{in_order(std::move(mounts))};
}

}  // namespace dunnage::plan
