// SPDX-License-Identifier: Apache-2.0
#include "plan/volume_driver.hpp"

#include "model/mount_name.hpp"
#include "plan/host_path.hpp"
#include "plan/known_directory.hpp"
#include "volume/local_driver.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::plan {
namespace {

[[noreturn]] void refuse(const Mount& mount, std::string cause, std::error_code code, std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", mount, std::move(cause), code, std::move(remedy));
}

/// All of it, as it is.
bool is_plain(const VolumeMountOptions& options) {
  return options.subpath.empty() && options.owner.kind() == Ownership::Kind::AsIs && !options.chown &&
         options.exclude.empty() && !options.overlay;
}

}  // namespace

void take_driver_options(const VolumeMount& volume, ResolvedMount& mount) {
  volume::LocalDriver driver;
  if (const auto fault = volume::read_driver_options(mount.driver_options, driver)) {
    refuse(volume, fault->cause, errc::volume_damaged, fault->remedy);
  }
  using Kind = volume::LocalDriver::Kind;
  if (driver.kind == Kind::Directory) {
    return;
  }
  if (driver.kind == Kind::Tmpfs && !is_plain(volume.options)) {
    refuse(volume, "a volume in memory is empty when it is mounted", errc::not_supported,
           "leave out subpath, owner, chown, exclude and overlay; o=uid=…,gid=…,mode=… of the volume say whose it is");
  }
  mount.exec = mount.exec && driver.exec;
  if (driver.read_only && !mount.read_only) {
    mount.read_only = true;
    mount.recursive_read_only = true;
    mount.reasons.emplace_back("it is read-only, because the volume's option \"o\" says so");
  }
  const bool changes = volume.options.chown || volume.options.relabel != Relabel::None;
  const HostPath found = driver.kind == Kind::Bind ? follow_host_path(driver.device.string()) : HostPath{};
  const std::string& device = found.path;
  if (found.number == ETIMEDOUT) {
    refuse(volume, fmt::format("look at \"{}\"", driver.device.string()), {ETIMEDOUT, std::generic_category()},
           kServerRemedy);
  }
  if (driver.kind == Kind::Bind && changes && is_known_directory(device)) {
    refuse(
        volume,
        fmt::format("\"{}\" is a directory of the machine itself, whose owner and label stay", driver.device.string()),
        errc::invalid_argument, "leave chown and relabel out");
  }
  if (driver.kind == Kind::Bind) {
    mount.source = found.number != 0 ? driver.device.string() : device;  // preparing follows no link
    mount.recursive = driver.recursive;
    mount.recursive_read_only = mount.read_only && mount.recursive;
    mount.reasons.push_back(fmt::format("the volume shows \"{}\" of the host", driver.device.string()));
  } else if (driver.kind == Kind::Tmpfs) {
    mount.reasons.emplace_back("the volume is in memory, for one container at a time, and empty at its start");
  } else {
    mount.reasons.push_back(
        fmt::format("the volume is the {} file system of \"{}\"", driver.type, driver.device.string()));
  }
}

}  // namespace dunnage::plan
