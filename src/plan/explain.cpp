// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/mount_plan.hpp>

#include "model/mount_name.hpp"
#include "model/target.hpp"
#include "plan/attributes.hpp"
#include "volume/local_driver.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage {
namespace {

/// The mount a path is on: the deepest target at or above it.
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

/// Where a volume is that is no directory; empty for one that is.
std::string place_of_driver(const ResolvedMount& mount) {
  volume::LocalDriver driver;
  (void)volume::read_driver_options(mount.driver_options, driver);  // the plan was made with options that are right
  switch (driver.kind) {
    case volume::LocalDriver::Kind::Tmpfs:
      return "It lives in memory and is gone when the container ends.";
    case volume::LocalDriver::Kind::FileSystem:
      return fmt::format("It lives in the {} file system of \"{}\".", driver.type, driver.device.string());
    default:
      return {};
  }
}

std::string place_of(const ResolvedMount& mount, std::string_view path) {
  switch (mount.kind) {
    case MountKind::Tmpfs:
      return "It lives in memory and is gone when the container ends.";
    case MountKind::Image:
      return fmt::format("It lives in the layers of the image \"{}\", which all containers share.{}", mount.image,
                         mount.overlay ? " Changes are gone when the container ends." : "");
    case MountKind::Volume:
      if (std::string elsewhere = place_of_driver(mount); !elsewhere.empty()) {
        return elsewhere;
      }
      if (mount.volume.empty()) {
        return "It lives in an anonymous volume, which is made when the plan is prepared.";
      }
      break;
    case MountKind::Bind:
      break;
  }
  const std::string below{path.substr(mount.target.size())};
  const std::string source = (mount.subpath.empty() ? mount.source : mount.source / mount.subpath).string();
  return fmt::format("On the host it is \"{}\".", source == "/" && !below.empty() ? below : source + below);
}

std::string mounts_below(const MountPlan& plan, std::string_view path) {
  std::string list;
  for (const ResolvedMount& mount : plan) {
    if (mount.target != path && model::is_at_or_below(mount.target, path)) {
      list += fmt::format("{}\"{}\"", list.empty() ? "" : ", ", mount.target);
    }
  }
  return list.empty() ? "" : fmt::format("\nBelow it other mounts begin: {}.", list);
}

}  // namespace

std::string MountPlan::explain(std::string_view path) const {
  if (!path.starts_with('/')) {
    throw MountError{{.stage = Stage::Resolve,
                      .operation = "explain path",
                      .subject = std::string{path},
                      .detail = "",
                      .cause = "the path is not absolute",
                      .code = errc::invalid_argument,
                      .remedy = "begin it with \"/\""},
                     "",
                     std::string{path}};
  }
  const std::string clean = model::clean_path(path);
  const ResolvedMount* const mount = mount_of(*this, clean);
  std::string text;
  if (mount == nullptr) {
    text = fmt::format("\"{}\" is on the root file system of the container; no mount of this plan covers it.", clean);
  } else {
    text = fmt::format("\"{}\" is served by {}.\n{}", clean, mount->to_string(), place_of(*mount, clean));
    if (mount->file_kind == FileKind::File && clean != mount->target) {
      text += "\nThe mount is a file, so nothing can be below it.";
    }
    for (const std::string& reason : mount->reasons) {
      text += "\n- " + reason;
    }
  }
  text += mounts_below(*this, clean);
  return text;
}

}  // namespace dunnage
