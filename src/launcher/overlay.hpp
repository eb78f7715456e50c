// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An overlay over a source, put together from descriptors: no layer is ever named by a path the kernel looks up again.

#include "launcher/detach.hpp"

namespace dunnage::launcher {

/// The two directories an overlay writes to; -1: not there.
struct Upper {
  int upper = -1;
  int work = -1;
  int memory = -1;  ///< a detached mount they are in; closed before the overlay is made, it would be dissolved
  Failure failure{};

  void close_all() noexcept {
    int* const all[] = {&upper, &work, &memory};
    for (int* fd : all) {
      if (*fd >= 0) {
        (void)kernel::close_descriptor(*fd);
      }
      *fd = -1;
    }
  }
};

/// The root of an overlay is its upper directory; that has to look like the source. \param directory not O_PATH
template <class Calls = DirectCalls>
long copy_owner_and_mode(int source, int directory) noexcept {
  struct statx status {};
  long answer = Calls::look(source, STATX_MODE | STATX_UID | STATX_GID, status);
  if (answer >= 0) {
    answer = kernel::raw_syscall(__NR_fchown, directory, status.stx_uid, status.stx_gid);
    if (answer == -EINVAL || answer == -EPERM) {
      answer = 0;  // an owner that has no id in this user namespace cannot be given, and looks like nobody's either way
    }
  }
  if (answer >= 0) {
    answer = kernel::raw_syscall(__NR_fchmod, directory, status.stx_mode & 07777U);
  }
  return answer;
}

/// Directories in a new tmpfs, which lives as long as the overlay.
template <class Calls = DirectCalls>
Upper make_upper(int source, uint64_t size) noexcept {
  Upper result;
  DetachRequest request;
  request.size = size;
  request.mode = 0755;
  const DetachResult memory = detach_tmpfs(request);
  if (memory.failure.error != 0) {
    result.failure = memory.failure;
    return result;
  }
  result.memory = memory.fd;
  long answer = kernel::raw_syscall(__NR_mkdirat, memory.fd, kernel::as_argument("upper"), 0755);
  answer = answer < 0 ? answer : kernel::raw_syscall(__NR_mkdirat, memory.fd, kernel::as_argument("work"), 0755);
  if (answer >= 0) {
    result.upper = kernel::open_at2(memory.fd, "upper", O_RDONLY | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    result.work = kernel::open_at2(memory.fd, "work", O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
    answer = result.upper < 0  ? result.upper
             : result.work < 0 ? result.work
                               : copy_owner_and_mode<Calls>(source, result.upper);
  }
  if (answer < 0) {
    result.failure = failure_of(Step::CreateUpper, answer);
  }
  return result;
}

/// Where an overlay writes: paths without links, or both empty.
struct UpperPlace {
  const char* upper;
  const char* work;
  int locked = -1;  ///< `upper`, where it is known; else the request has its inode
};

/// Two overlays on one upper directory damage it: it has to be the one that was locked.
inline long check_upper(int upper, const DetachRequest& request) noexcept {
  struct statx status {};
  const long answer = kernel::raw_syscall(__NR_statx, upper, kernel::as_argument(""), AT_EMPTY_PATH, STATX_INO,
                                          kernel::as_argument(&status));
  if (answer < 0) {
    return answer;
  }
  const bool same = status.stx_ino == request.upper_inode &&
                    makedev(status.stx_dev_major, status.stx_dev_minor) == request.upper_device;
  return same ? 0 : -ESTALE;
}

template <class Calls>
Upper open_upper(const UpperPlace& place, const DetachRequest& request) noexcept {
  Upper result;
  constexpr unsigned kFlags = O_PATH | O_DIRECTORY;
  result.upper = place.locked >= 0 ? static_cast<int>(kernel::raw_syscall(__NR_fcntl, place.locked, F_DUPFD_CLOEXEC, 3))
                                   : Calls::open_at2(AT_FDCWD, place.upper, kFlags, RESOLVE_NO_SYMLINKS);
  result.work = Calls::open_at2(AT_FDCWD, place.work, kFlags, RESOLVE_NO_SYMLINKS);
  long worse = result.upper < 0 ? result.upper : result.work;
  if (worse >= 0 && request.check_upper != 0) {
    worse = check_upper(result.upper, request);
  }
  if (worse < 0) {
    result.failure = failure_of(Step::OpenUpper, worse);
  }
  return result;
}

template <class Calls>
DetachResult mount_overlay(int lower, const Upper& upper, const DetachRequest& request) noexcept {
  const int context = kernel::open_file_system("overlay");
  if (context < 0) {
    return detach_failure(Step::CreateFileSystem, -context);
  }
  int answer = kernel::configure_string(context, "source", "overlay");
  answer = answer < 0 ? answer : kernel::configure_descriptor(context, "lowerdir+", lower);
  answer = answer < 0 ? answer : kernel::configure_descriptor(context, "upperdir", upper.upper);
  answer = answer < 0 ? answer : kernel::configure_descriptor(context, "workdir", upper.work);
  if (answer >= 0 && request.user_xattr != 0) {
    answer = kernel::configure_flag(context, "userxattr");
  }
  if (request.whole_entries != 0) {  // no directory that points elsewhere, no file without its content, no index
    answer = answer < 0 ? answer : kernel::configure_string(context, "redirect_dir", "nofollow");
    answer = answer < 0 ? answer : kernel::configure_string(context, "metacopy", "off");
    answer = answer < 0 ? answer : kernel::configure_string(context, "index", "off");
  }
  return finish_file_system<Calls>(context, answer, request.attributes);
}

/// \param directory, path, below the source, as for detach_bind()
template <class Calls = DirectCalls>
DetachResult detach_overlay(int directory, const char* path, const char* below, const UpperPlace& place,
                            const DetachRequest& request, int user_namespace = -1) noexcept {
  DetachResult lower = clone_source(directory, path, below, request);
  if (lower.failure.error == 0) {
    lower.failure = map_ids(lower.fd, request, user_namespace);
  }
  if (lower.failure.error != 0) {
    return close_if_failed(lower);
  }
  Upper changes =
      place.upper[0] == '\0' ? make_upper<Calls>(lower.fd, request.size) : open_upper<Calls>(place, request);
  DetachResult result;
  result.failure = changes.failure;
  if (changes.failure.error == 0) {
    result = mount_overlay<Calls>(lower.fd, changes, request);
  }
  changes.close_all();
  (void)kernel::close_descriptor(lower.fd);
  if (result.failure.error == 0 && request.propagation != 0) {
    const int answer = kernel::set_mount_attributes(result.fd, 0, 0, 0, request.propagation);
    if (answer < 0) {
      result.failure = failure_of(Step::SetAttributes, answer);
    }
  }
  return close_if_failed(result);
}

}  // namespace dunnage::launcher
