// SPDX-License-Identifier: Apache-2.0
#include "plan/explain.hpp"

#include "model/target.hpp"
#include "plan/attributes.hpp"
#include "volume/limit_choice.hpp"
#include "volume/local_driver.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace dunnage::plan {
namespace {

/// What its driver's options make of a volume.
volume::LocalDriver driver_of(const ResolvedMount& mount) {
  volume::LocalDriver driver;
  (void)volume::read_driver_options(mount.driver_options, driver);  // the plan was made with options that are right
  return driver;
}

bool lies_in_a_directory(const ResolvedMount& mount) {
  return mount.kind == MountKind::Bind ||
         (mount.kind == MountKind::Volume && !mount.volume.empty() && !volume::is_image(mount.limit_way) &&
          driver_of(mount).kind == volume::LocalDriver::Kind::Directory);
}

std::string place_of_volume(const ResolvedMount& mount) {
  if (volume::is_image(mount.limit_way)) {
    return fmt::format("It lives in a file system of its own, in an image in \"{}\".", mount.source.string());
  }
  const volume::LocalDriver driver = driver_of(mount);
  switch (driver.kind) {
    case volume::LocalDriver::Kind::Tmpfs:
      return "It lives in memory and is gone when the container ends.";
    case volume::LocalDriver::Kind::FileSystem:
      return fmt::format("It lives in the {} file system of \"{}\".", driver.type, driver.device.string());
    default:
      return mount.volume.empty() ? "It lives in an anonymous volume, which is made when the plan is prepared." : "";
  }
}

std::string place_of(const ResolvedMount& mount, const std::filesystem::path& source) {
  if (mount.kind == MountKind::Tmpfs) {
    return "It lives in memory and is gone when the container ends.";
  }
  if (mount.kind == MountKind::Image) {
    return fmt::format("It lives in the layers of the image \"{}\", which all containers share.{}", mount.image,
                       mount.overlay ? " Changes are gone when the container ends." : "");
  }
  if (std::string place = mount.kind == MountKind::Volume ? place_of_volume(mount) : ""; !place.empty()) {
    return place;
  }
  return fmt::format("On the host it is \"{}\".", source.string());
}

}  // namespace

const ResolvedMount* mount_of(const MountPlan& plan, std::string_view path) {
  const ResolvedMount* deepest = nullptr;
  for (const ResolvedMount& mount : plan) {
    if (!mount.left_out && model::is_at_or_below(path, mount.target) &&
        (deepest == nullptr || mount.target.size() >= deepest->target.size())) {
      deepest = &mount;
    }
  }
  return deepest;
}

std::filesystem::path source_below(const ResolvedMount& mount, std::string_view below) {
  if (mount.source.empty() || !lies_in_a_directory(mount)) {
    return {};
  }
  const std::string source = (mount.subpath.empty() ? mount.source : mount.source / mount.subpath).string();
  return source == "/" && !below.empty() ? std::string{below} : source + std::string{below};
}

void describe_mount(const ResolvedMount& mount, std::string_view below, PathExplanation& told) {
  const std::filesystem::path source = source_below(mount, below);
  told.mount = mount.target;
  told.mount_in_words = mount.to_string();
  told.place = place_of(mount, source);
  told.source = source.string();
  if (mount.file_kind == FileKind::File && !below.empty()) {
    told.place += "\nThe mount is a file, so nothing can be below it.";
  }
  told.reasons = mount.reasons;
}

void list_mounts_below(const MountPlan& plan, std::string_view path, PathExplanation& told) {
  for (const ResolvedMount& mount : plan) {
    if (!mount.left_out && mount.target != path && model::is_at_or_below(mount.target, path)) {
      told.mounts_below.push_back(mount.target);
    }
  }
}

}  // namespace dunnage::plan
