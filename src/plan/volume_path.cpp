// SPDX-License-Identifier: Apache-2.0
#include "plan/volume_path.hpp"

#include "kernel/file_descriptor.hpp"
#include "launcher/subpath.hpp"
#include "model/mount_name.hpp"
#include "volume/limit_choice.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>

namespace dunnage::plan {

FileKind look_below(const VolumeMount& volume, ResolvedMount& mount) {
  const kernel::FileDescriptor data{
      mount.create_volume ? -1 : ::open(mount.source.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!mount.driver_options.empty() || volume::is_image(mount.limit_way)) {
    mount.reasons.push_back(
        fmt::format("\"{}\" is looked for in what the volume shows when it is prepared", mount.subpath));
    return FileKind::Directory;
  }
  const int found = data ? launcher::open_below(data.get(), mount.subpath.c_str()) : -ENOENT;
  if (found == -ENOENT) {
    mount.reasons.push_back(
        fmt::format("there is no \"{}\" in the volume; preparing makes directories", mount.subpath));
    return FileKind::Directory;
  }
  if (found == -EACCES) {
    mount.reasons.push_back(fmt::format("\"{}\" in the volume is out of sight until it is prepared", mount.subpath));
    return FileKind::Directory;
  }
  struct stat status {};
  const kernel::FileDescriptor opened{found < 0 ? -1 : found};
  if (!opened || ::fstat(opened.get(), &status) != 0) {
    const int number = found < 0 ? -found : errno;
    throw model::mount_error(
        Stage::Resolve, "resolve", volume, fmt::format("open \"{}\" in it", mount.subpath),
        {number, std::generic_category()},
        number == EXDEV ? "a symbolic link in it leads out of the volume; remove the link" : "correct the path");
  }
  return S_ISDIR(status.st_mode) ? FileKind::Directory : FileKind::File;
}

}  // namespace dunnage::plan
