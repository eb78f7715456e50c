// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making detached mounts: the same code in the library (which may do it itself as root) and in the launcher's broker
/// (which does it for an ordinary user, inside the user namespace). No C library, no allocation.

#include "kernel/read_back.hpp"
#include "launcher/detach_result.hpp"
#include "launcher/direct_calls.hpp"
#include "launcher/protocol.hpp"
#include "launcher/subpath.hpp"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/stat.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

namespace dunnage::launcher {

/// Decimal (base 10) or octal (base 8) digits of `value` into `buffer` (at least 24 bytes); returns where they begin.
inline const char* write_number(uint64_t value, unsigned base, char (&buffer)[24]) noexcept {
  unsigned position = sizeof buffer - 1;
  buffer[position] = '\0';
  do {
    buffer[--position] = static_cast<char>('0' + value % base);
    value /= base;
  } while (value != 0);
  return buffer + position;
}

/// Kinds and inodes do not change, so their server is not asked: it may never answer. Who serves a request apart asks,
/// and so hears that the server is gone.
inline unsigned look_flags(const DetachRequest& request) noexcept {
  return AT_EMPTY_PATH | (request.apart != 0 ? 0U : AT_STATX_DONT_SYNC);
}

/// Checks that what was opened is what the plan was made for: a bind's source may have been swapped since.
/// \param below  it is something below the source
inline void check_source(DetachResult& opened, const DetachRequest& request, bool below) noexcept {
  struct statx status {};
  const long answer = kernel::raw_syscall(__NR_statx, opened.fd, kernel::as_argument(""), look_flags(request),
                                          STATX_TYPE | STATX_INO | STATX_MNT_ID, kernel::as_argument(&status));
  if (answer < 0) {
    opened.failure = failure_of(Step::OpenSource, answer);
    return;
  }
  opened.id = (status.stx_mask & STATX_MNT_ID) != 0 ? status.stx_mnt_id : 0;
  opened.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  const unsigned kind = status.stx_mode & S_IFMT;
  if (kind == S_IFLNK) {
    opened.failure = failure_of(Step::OpenSource, -ELOOP);
  } else if ((kind == S_IFDIR) != (request.is_file == 0)) {
    opened.failure = failure_of(Step::KindOfSource, kind == S_IFDIR ? -EISDIR : -ENOTDIR);
  } else if (request.check_inode != 0 && !below &&
             (status.stx_ino != request.inode || opened.device != request.device)) {
    opened.failure = failure_of(Step::SourceChanged, -ESTALE);
  }
}

/// Sets the attributes while the mount is still nowhere, so that it is never seen without them: first what holds for
/// the whole tree, as nosuid, nodev and noexec always do, then what is about its top alone.
inline Failure set_attributes(int fd, const DetachRequest& request) noexcept {
  const uint64_t read_only = request.attributes & static_cast<uint64_t>(MOUNT_ATTR_RDONLY);
  const uint64_t of_top = request.attributes_recursive != 0 ? 0 : read_only;
  const uint64_t of_tree = request.attributes & ~of_top;
  const uint64_t type_of_tree = request.propagation_recursive != 0 ? request.propagation : 0;
  const uint64_t type_of_top = request.propagation_recursive != 0 ? 0 : request.propagation;
  int answer = 0;
  if (of_tree != 0 || type_of_tree != 0) {
    answer = kernel::set_seen_attributes(fd, AT_RECURSIVE, of_tree, type_of_tree);
  }
  if (answer >= 0 && (of_top != 0 || type_of_top != 0)) {
    answer = kernel::set_seen_attributes(fd, 0, of_top, type_of_top);
  }
  Failure failure;
  if (answer < 0) {
    failure.step = Step::SetAttributes;
    failure.error = -answer;
  }
  return failure;
}

/// For an empty path what is open already, of which a file is as good as a directory.
template <class Calls = DirectCalls>
int open_found(int directory, const char* path, const DetachRequest& request) noexcept {
  if (path[0] == '\0') {
    return static_cast<int>(kernel::raw_syscall(__NR_fcntl, directory, F_DUPFD_CLOEXEC, 3));
  }
  const uint64_t resolve = request.no_links != 0 ? RESOLVE_NO_SYMLINKS : 0;
  const unsigned for_automount = request.is_file == 0 ? O_DIRECTORY : 0;  // O_PATH alone does not trigger it (open(2))
  int fd = Calls::open_at2(directory, path, O_PATH | for_automount, resolve);
  if (fd == -ENOTDIR && for_automount != 0) {
    fd = Calls::open_at2(directory, path, O_PATH, resolve);  // whoever checks its kind has the words for it
  }
  return fd;
}

/// What a mount is cloned from. A share that is not mounted is an empty directory, and looks like its server's.
inline DetachResult open_source(int directory, const char* path, const DetachRequest& request) noexcept {
  DetachResult result;
  result.fd = open_found(directory, path, request);
  if (result.fd < 0) {
    return detach_failure(Step::OpenSource, -result.fd);
  }
  struct statx status {};
  const long answer = kernel::raw_syscall(__NR_statx, result.fd, kernel::as_argument(""), look_flags(request),
                                          STATX_INO, kernel::as_argument(&status));
  if (answer < 0) {
    result.failure = failure_of(Step::OpenSource, answer);
  } else if (request.require_mountpoint != 0 && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) == 0) {
    result.failure = failure_of(Step::RequireMountpoint, -ENXIO);
  } else if (request.check_inode != 0 && (status.stx_ino != request.inode ||
                                          makedev(status.stx_dev_major, status.stx_dev_minor) != request.device)) {
    result.failure = failure_of(Step::SourceChanged, -ESTALE);
  }
  if (result.failure.error != 0) {
    (void)kernel::close_descriptor(result.fd);
    result.fd = -1;
  }
  return result;
}

/// A link that is not followed is cloned itself, and found to be one.
inline unsigned look_up(const char* path, const DetachRequest& request) noexcept {
  return (path[0] == '\0' ? AT_EMPTY_PATH : 0U) | (request.no_links != 0 ? AT_SYMLINK_NOFOLLOW : 0U);
}

/// The clone alone, checked and without attributes.
inline DetachResult clone_source(int directory, const char* path, const char* below,
                                 const DetachRequest& request) noexcept {
  DetachResult result;
  const unsigned recursive = request.recursive != 0 ? AT_RECURSIVE : 0;
  if (below[0] == '\0' && request.require_mountpoint == 0) {
    result.fd = kernel::open_tree_at(directory, path, OPEN_TREE_CLONE | recursive | look_up(path, request));
  } else {
    DetachResult base = open_source(directory, path, request);
    if (base.failure.error == 0 && below[0] != '\0') {
      base = open_subpath(base.fd, below);
    }
    if (base.failure.error != 0) {
      return base;
    }
    result.fd = kernel::open_tree_at(base.fd, "", OPEN_TREE_CLONE | recursive | AT_EMPTY_PATH);
    (void)kernel::close_descriptor(base.fd);
  }
  if (result.fd < 0) {
    return detach_failure(Step::OpenSource, -result.fd);
  }
  check_source(result, request, below[0] != '\0');
  return result;
}

inline DetachResult close_if_failed(DetachResult result) noexcept {
  if (result.failure.error != 0 && result.fd >= 0) {
    (void)kernel::close_descriptor(result.fd);
    result.fd = -1;
  }
  return result;
}

/// Shows the files by the ids of a user namespace; -1: as they are.
inline Failure map_ids(int mount, const DetachRequest& request, int user_namespace) noexcept {
  const unsigned recursive = request.recursive != 0 ? AT_RECURSIVE : 0;
  const int answer = user_namespace < 0 ? 0 : kernel::map_mount_ids(mount, recursive, user_namespace);
  return answer < 0 ? failure_of(Step::MapIds, answer) : Failure{};
}

inline int no_open_tree_attr = 0;  ///< this kernel has been asked, and does not know it

/// What most binds are takes one call: all attributes are set on all of the tree, and nothing else is asked for. -1: it
/// is left to those who take one step after the other, which comes to the same, and say which of them failed.
inline int clone_with_attributes(int directory, const char* path, const char* below, const DetachRequest& request,
                                 int user_namespace) noexcept {
  const bool of_top = (request.attributes & MOUNT_ATTR_RDONLY) != 0 && request.attributes_recursive == 0;
  const bool simple = below[0] == '\0' && request.require_mountpoint == 0 && user_namespace < 0 && !of_top &&
                      request.propagation_recursive != 0;
  if (!simple || __atomic_load_n(&no_open_tree_attr, __ATOMIC_RELAXED) != 0) {
    return -1;
  }
  const unsigned recursive = request.recursive != 0 ? AT_RECURSIVE : 0;
  const int fd = kernel::open_tree_with_attributes(
      directory, path, OPEN_TREE_CLONE | recursive | look_up(path, request), request.attributes, request.propagation);
  if (fd == -ENOSYS) {
    __atomic_store_n(&no_open_tree_attr, 1, __ATOMIC_RELAXED);
  }
  return fd < 0 ? -1 : fd;
}

/// A bind mount of `path` below `directory` (AT_FDCWD for an absolute path; with an empty path, of `directory` itself),
/// or of what is `below` it, which is made if it is missing and never leads out. With no_links the path is one name.
inline DetachResult detach_bind(int directory, const char* path, const char* below, const DetachRequest& request,
                                int user_namespace = -1) noexcept {
  DetachResult result;
  result.fd = clone_with_attributes(directory, path, below, request, user_namespace);
  if (result.fd >= 0) {
    check_source(result, request, false);
    return close_if_failed(result);
  }
  result = clone_source(directory, path, below, request);
  if (result.failure.error == 0) {
    result.failure = map_ids(result.fd, request, user_namespace);
  }
  if (result.failure.error == 0) {
    result.failure = set_attributes(result.fd, request);
  }
  return close_if_failed(result);
}

/// Makes a configured file system a detached mount, and closes its context. \param answer of its configuration
template <class Calls = DirectCalls>
DetachResult finish_file_system(int context, int answer, uint64_t attributes) noexcept {
  DetachResult result;
  if (answer < 0) {
    result = detach_failure(Step::ConfigureFileSystem, -answer);
  } else if (answer = Calls::create_file_system(context); answer < 0) {
    result = detach_failure(Step::CreateFileSystem, -answer);
  } else if (result.fd = kernel::mount_file_system(context, attributes); result.fd < 0) {
    result = detach_failure(Step::CreateFileSystem, -result.fd);
  }
  (void)kernel::close_descriptor(context);
  return result;
}

/// A new tmpfs with the size, mode and owner asked for.
inline DetachResult detach_tmpfs(const DetachRequest& request) noexcept {
  const int context = kernel::open_file_system("tmpfs");
  if (context < 0) {
    return detach_failure(Step::CreateTmpfs, -context);
  }
  char digits[24];
  int answer = kernel::configure_string(context, "source", "tmpfs");
  if (answer >= 0 && request.size != 0) {
    answer = kernel::configure_string(context, "size", write_number(request.size, 10, digits));
  }
  if (answer >= 0) {
    answer = kernel::configure_string(context, "mode", write_number(request.mode, 8, digits));
  }
  if (answer >= 0 && request.uid != UINT32_MAX) {
    answer = kernel::configure_string(context, "uid", write_number(request.uid, 10, digits));
  }
  if (answer >= 0 && request.gid != UINT32_MAX) {
    answer = kernel::configure_string(context, "gid", write_number(request.gid, 10, digits));
  }
  if (answer >= 0 && request.inodes != 0) {
    answer = kernel::configure_string(context, "nr_inodes", write_number(request.inodes, 10, digits));
  }
  const int no_swap = answer >= 0 && request.no_swap != 0 ? kernel::configure_flag(context, "noswap") : 0;
  if (no_swap < 0) {
    (void)kernel::close_descriptor(context);
    return detach_failure(Step::SetNoSwap, -no_swap);
  }
  return finish_file_system(context, answer, request.attributes);
}

}  // namespace dunnage::launcher
