// SPDX-License-Identifier: Apache-2.0
// Detached mounts that this process makes itself, as root. What they are made of is found first, and in time.

#include "kernel/file_system_kind.hpp"
#include "kernel/timed_call.hpp"
#include "launcher/overlay.hpp"
#include "prepare/detach_mount.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace dunnage::prepare {
namespace {

using kernel::FileSystemKind;
using launcher::DetachRequest;
using launcher::DetachResult;

/// Whoever serves it is asked whether he is there. 0 or -errno
int require_server(int opened) {
  struct statx status {};
  return kernel::kind_of_file_system(opened) == FileSystemKind::Server
             ? kernel::TimedCalls::look(opened, STATX_TYPE, status)
             : 0;
}

/// The failure takes the place of what was opened.
DetachResult checked(DetachResult result, int answer) {
  if (result.failure.error == 0 && answer < 0) {
    result.failure = launcher::failure_of(launcher::Step::OpenSource, answer);
  }
  return launcher::close_if_failed(result);
}

/// What is below, in time.
DetachResult open_below_source(int opened, const char* below, const DetachRequest& request) {
  DetachResult base = launcher::open_source(opened, "", request);
  return base.failure.error != 0 ? base : launcher::open_subpath<kernel::TimedCalls>(base.fd, below);
}

}  // namespace

DetachResult MountSource::open(const char* path, const DetachRequest& request) {
  DetachRequest wanted = request;
  wanted.no_links = 1;
  DetachResult result;
  result.fd = launcher::open_found<kernel::TimedCalls>(AT_FDCWD, path, wanted);
  if (result.fd < 0) {
    return launcher::detach_failure(launcher::Step::OpenSource, -result.fd);
  }
  launcher::check_source(result, wanted, false);
  return checked(result, major(result.device) == 0 ? require_server(result.fd) : 0);
}

DetachResult MountSource::bind_here(DetachRequest request, const SourcePath& source) {
  const Start start = start_of(source, request);
  if (start.directory < 0 && start.directory != AT_FDCWD) {
    return launcher::detach_failure(launcher::Step::OpenSource, -start.directory);
  }
  const bool named = start.path[0] != '\0' && start.directory != AT_FDCWD;
  if (!named && source.below[0] != '\0' && kernel::may_wait_for_others(start.directory)) {
    const DetachResult found = open_below_source(start.directory, source.below, request);
    const kernel::FileDescriptor held{found.fd};
    request.require_mountpoint = 0;
    return found.failure.error != 0 ? found : launcher::detach_bind(found.fd, "", "", request, source.user_namespace);
  }
  if (!named || parent_kind_ == FileSystemKind::Local) {
    const DetachResult made =
        launcher::detach_bind(start.directory, start.path, source.below, request, source.user_namespace);
    if (!named || made.fd < 0 || made.device == parent_device_ || major(made.device) != 0) {
      return made;
    }
    const kernel::FileDescriptor mounted{
        kernel::open_in_time(start.directory, start.path, O_PATH, RESOLVE_NO_SYMLINKS)};
    return checked(made, mounted ? require_server(mounted.get()) : mounted.get());
  }
  const kernel::FileDescriptor found{launcher::open_found<kernel::TimedCalls>(start.directory, start.path, request)};
  const int answer = found ? require_server(found.get()) : found.get();
  return answer < 0 ? launcher::detach_failure(launcher::Step::OpenSource, -answer)
                    : launcher::detach_bind(found.get(), "", source.below, request, source.user_namespace);
}

DetachResult MountSource::overlay_here(DetachRequest request, const SourcePath& source, const OverlayOptions& options) {
  const launcher::UpperPlace place{options.upper.c_str(), options.work.c_str(), source.upper};
  const bool waits =
      kernel::may_wait_for_others(source.opened) || (source.upper >= 0 && kernel::may_wait_for_others(source.upper));
  if (!waits) {
    return launcher::detach_overlay(source.opened, "", source.below, place, request, source.user_namespace);
  }
  DetachResult found{.fd = source.opened};
  kernel::FileDescriptor held;
  if (source.below[0] != '\0') {
    found = open_below_source(source.opened, source.below, request);
    held.reset(found.fd);
    request.require_mountpoint = 0;
  }
  return found.failure.error != 0
             ? found
             : launcher::detach_overlay<kernel::TimedCalls>(found.fd, "", "", place, request, source.user_namespace);
}

}  // namespace dunnage::prepare
