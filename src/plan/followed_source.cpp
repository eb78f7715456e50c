// SPDX-License-Identifier: Apache-2.0
#include "plan/followed_source.hpp"

#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/file_system_kind.hpp"
#include "launcher/protocol.hpp"
#include "model/mount_name.hpp"
#include "volume/local_driver.hpp"

#include <dunnage/error.hpp>

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::plan {
namespace {

[[noreturn]] void refuse_following(const Mount& mount, std::string cause, std::error_code code, std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", mount, std::move(cause), code, std::move(remedy));
}

void check_kernel(const Mount& mount) {
  const long answer = kernel::ask_for_move_beneath();
  if (answer == -EINVAL || answer == -ENOSYS) {
    refuse_following(mount, "this kernel cannot put a mount beneath another one (MOVE_MOUNT_BENEATH)",
                     errc::not_supported,
                     "use Linux 6.5 or later, or mount the directory that holds it, in which every change is seen");
  }
}

void check_path(const BindMount& mount, const BindSource& source) {
  if (!source.followed.empty()) {
    refuse_following(mount, fmt::format("it leads over a symbolic link, which is not followed again when it changes"),
                     errc::not_supported,
                     fmt::format("name \"{}\", or mount the directory that holds the link", source.path.string()));
  }
  if (source.mountpoint || source.path == "/") {
    refuse_following(mount, "the source is a mount point, and nothing else can take its name", errc::not_supported,
                     "leave follow out, or mount the directory that holds it");
  }
  const std::string& path = source.path.native();
  if (std::ranges::count(path, '/') > launcher::kMostWatches) {
    refuse_following(mount, "its path has too many directories to watch", errc::invalid_argument,
                     fmt::format("use one of at most {}", launcher::kMostWatches));
  }
}

/// The right to watch a directory is that to read it (inotify_add_watch(2)).
int may_watch(const std::string& directory, bool& may_wait) {
  const int opened =
      kernel::open_at2(AT_FDCWD, directory.c_str(), O_RDONLY | O_DIRECTORY | O_NONBLOCK, RESOLVE_NO_SYMLINKS);
  const kernel::FileDescriptor held{opened};
  may_wait = held && kernel::may_wait_for_others(held.get());
  return opened < 0 ? -opened : 0;
}

}  // namespace

std::vector<std::string> check_followed(const BindMount& mount, const BindSource& source) {
  check_kernel(mount);
  check_path(mount, source);
  std::vector<std::string> reasons{"what has the name of the source is shown, whenever that is replaced"};
  std::string directory = source.path.parent_path().string();
  bool may_wait = false;
  if (const int number = may_watch(directory, may_wait); number != 0) {
    refuse_following(mount, fmt::format("look into \"{}\", which is to be watched", directory),
                     {number, std::generic_category()},
                     "give this user the right to read that directory, or leave follow out");
  }
  if (may_wait) {
    reasons.push_back(
        fmt::format("\"{}\" may be changed by others than this machine, which is not noticed", directory));
  }
  while (directory != "/") {
    directory = std::filesystem::path{directory}.parent_path().string();
    if (may_watch(directory, may_wait) != 0) {
      reasons.push_back(
          fmt::format("this user may not read \"{}\": it is not noticed if a directory in it is replaced", directory));
    }
  }
  return reasons;
}

std::vector<std::string> check_loss_of(const Mount& mount, const ResolvedMount& resolved) {
  if (resolved.on_loss.policy == LossPolicy::Keep || resolved.left_out) {
    return {};
  }
  check_kernel(mount);
  if (resolved.kind == MountKind::Volume) {
    volume::LocalDriver driver;
    (void)volume::read_driver_options(resolved.driver_options, driver);
    if (driver.kind != volume::LocalDriver::Kind::Bind) {
      refuse_following(mount, "only what is a directory of the host can be mounted again while a container runs",
                       errc::not_supported, "mount it on the host and use type=none with o=bind, or leave on_loss out");
    }
    if (!resolved.subpath.empty()) {
      refuse_following(mount, "a part of a volume cannot be mounted again", errc::not_supported,
                       "leave one of subpath and on_loss out");
    }
  }
  if (std::ranges::count(resolved.source.native(), '/') > launcher::kMostWatches || resolved.source == "/") {
    refuse_following(mount, "its path has too many directories, or none", errc::invalid_argument,
                     fmt::format("use one of at most {}, or leave on_loss out", launcher::kMostWatches));
  }
  return {
      fmt::format("\"{}\" is looked at every {} ms; when it dies, or does not answer in {} ms, the policy is \"{}\"",
                  resolved.source.string(), resolved.on_loss.interval.count(), resolved.on_loss.timeout.count(),
                  to_string(resolved.on_loss.policy))};
}

}  // namespace dunnage::plan
