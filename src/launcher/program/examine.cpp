// SPDX-License-Identifier: Apache-2.0
// What there is at a path, and what a user of the container may do there: by the kernel's own answers. Only this thread
// becomes that user, and only for file systems: nobody who has the same id may signal it or trace it therefore.

#include "launcher/program/entry.hpp"
#include "launcher/program/work.hpp"

#include <linux/capability.h>
#include <sys/statfs.h>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kInRoot = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS;
constexpr uint32_t kMostGroups = 65536;  // NGROUPS_MAX

uint32_t errno_of(long result) noexcept { return result < 0 ? static_cast<uint32_t>(-result) : 0; }

int open_found(int root, const char* path, unsigned flags = 0) noexcept {
  return kernel::open_at2(root, path[0] == '\0' ? "." : path, O_PATH | flags, kInRoot);
}

/// Takes the last name off, and the slash before it: with a slash at its end a path means a directory. \return false if
/// there is none
bool shorten(char* path) noexcept {
  size_t size = text_size(path);
  while (size > 0 && path[size - 1] == '/') {
    --size;
  }
  if (size == 0) {
    return false;
  }
  while (size > 0 && path[size - 1] != '/') {
    --size;
  }
  while (size > 1 && path[size - 1] == '/') {
    --size;
  }
  path[size] = '\0';
  return true;
}

bool is_missing(long error) noexcept { return error == -ENOENT || error == -ENOTDIR || error == -ELOOP; }

/// Not even root of the containers may go on: of an ordinary user that is so where the files are others'.
bool is_barred(long error) noexcept { return error == -EACCES || error == -EPERM; }

/// The path, or as much of it as there is. A link that leads nowhere is told of, and is no part of it.
int find(int root, char* path, ExamineReport& report, char* target) noexcept {
  int fd = open_found(root, path);
  report.error = errno_of(fd);
  if (is_missing(fd)) {
    const int link = open_found(root, path, O_NOFOLLOW);
    const long size = link < 0 ? link
                               : raw_syscall(__NR_readlinkat, link, as_argument(""), as_argument(target),
                                             static_cast<long>(kMostPath));
    report.target_size = size > 0 ? static_cast<uint32_t>(size) : 0;
    if (link >= 0) {
      (void)close_descriptor(link);
    }
  }
  while ((is_missing(fd) || is_barred(fd)) && shorten(path)) {
    fd = open_found(root, path);
  }
  report.found_size = static_cast<uint32_t>(text_size(path));
  return fd;
}

long describe_found(int fd, ExamineReport& report) noexcept {
  struct statx status {};
  long result = raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_NO_AUTOMOUNT,
                            STATX_BASIC_STATS | STATX_MNT_ID, as_argument(&status));
  if (result < 0) {
    return result;
  }
  report.mode = status.stx_mode;
  report.uid = status.stx_uid;
  report.gid = status.stx_gid;
  report.immutable = (status.stx_attributes & STATX_ATTR_IMMUTABLE) != 0 ? 1 : 0;
  report.mount = status.stx_mnt_id;
  struct statfs system {};
  result = raw_syscall(__NR_fstatfs, fd, as_argument(&system));
  report.file_system = static_cast<uint64_t>(system.f_type);
  report.mount_flags = static_cast<uint64_t>(system.f_flags);
  return result;
}

/// The kernel's name for what a descriptor holds; empty if it has none that fits.
size_t name_of(int fd, char* name) noexcept {
  const DescriptorPath link{fd};
  const long size = raw_syscall(__NR_readlinkat, AT_FDCWD, as_argument(link.text), as_argument(name),
                                static_cast<long>(kMostPath) - 1);
  const size_t length = size > 0 && name[0] == '/' ? static_cast<size_t>(size) : 0;
  name[length] = '\0';
  return length;
}

/// The name of what was found from the root on. What was renamed or removed meanwhile has none.
size_t resolve_name(int root, int fd, char* name) noexcept {
  static char top[kMostPath];
  size_t top_size = name_of(root, top);
  const size_t size = name_of(fd, name);
  if (top_size == 1) {
    top_size = 0;
  }
  if (size < top_size) {
    return 0;
  }
  for (size_t index = 0; index < top_size; ++index) {
    if (name[index] != top[index]) {
      return 0;
    }
  }
  const size_t rest = size - top_size;
  __builtin_memmove(name, name + top_size, rest + 1);
  if (rest == 0) {
    name[0] = '/';
    name[1] = '\0';
  }
  const int again = open_found(root, name, O_NOFOLLOW);
  struct statx one {};
  struct statx other {};
  const bool same = again >= 0 && status_of(again, one) >= 0 && status_of(fd, other) >= 0 &&
                    one.stx_ino == other.stx_ino && device_of(one) == device_of(other);
  if (again >= 0) {
    (void)close_descriptor(again);
  }
  return same ? text_size(name) : 0;
}

long set_effective(uint64_t capabilities) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  const long result = raw_syscall(__NR_capget, as_argument(&header), as_argument(data));
  if (result < 0) {
    return result;
  }
  for (unsigned half = 0; half < 2; ++half) {
    data[half].effective = data[half].permitted & static_cast<uint32_t>(capabilities >> (32 * half));
  }
  return raw_syscall(__NR_capset, as_argument(&header), as_argument(data));
}

/// For this thread, and for what it asks of file systems. setfsuid(2) tells of no failure: it is asked again.
long become(const ExamineUser& user, const char* groups) noexcept {
  static uint32_t numbers[kMostGroups];
  if (user.group_count > kMostGroups) {
    return -EINVAL;
  }
  __builtin_memcpy(numbers, groups, user.group_count * sizeof(uint32_t));
  const long result = raw_syscall(__NR_setgroups, user.group_count, as_argument(numbers));
  // a user namespace of one id has no groups to give, and a container there keeps those of its host, as this does
  if (result < 0 && (result != -EPERM || user.group_count != 0)) {
    return result;
  }
  (void)raw_syscall(__NR_setfsgid, user.gid);
  (void)raw_syscall(__NR_setfsuid, user.uid);
  if (raw_syscall(__NR_setfsgid, -1) != static_cast<long>(user.gid) ||
      raw_syscall(__NR_setfsuid, -1) != static_cast<long>(user.uid)) {
    return -EINVAL;
  }
  return set_effective(user.capabilities);
}

uint32_t ask(int fd, int mode) noexcept {
  return errno_of(raw_syscall(__NR_faccessat2, fd, as_argument(""), mode, AT_EMPTY_PATH | AT_EACCESS));
}

/// How far the user comes on the way, and what the directory is that lets him go no further.
void find_blocker(int root, char* way, ExamineReport& report) noexcept {
  int fd = -EACCES;
  while (fd < 0 && shorten(way)) {
    fd = open_found(root, way, O_NOFOLLOW);
  }
  report.reached_size = static_cast<uint32_t>(text_size(way));
  struct statx status {};
  if (fd >= 0 && status_of(fd, status) >= 0) {
    report.reached_mode = status.stx_mode;
    report.reached_uid = status.stx_uid;
    report.reached_gid = status.stx_gid;
  }
  if (fd >= 0) {
    (void)close_descriptor(fd);
  }
}

void ask_as_user(int root, int found, const char* resolved, ExamineReport& report) noexcept {
  static char way[kMostPath];
  __builtin_memcpy(way, resolved, text_size(resolved) + 1);
  const int fd = way[0] == '\0' ? found : open_found(root, way, O_NOFOLLOW);
  report.reach_error = errno_of(fd);
  if (fd < 0) {
    find_blocker(root, way, report);
    return;
  }
  constexpr int kExecute = 1;
  constexpr int kWrite = 2;
  constexpr int kRead = 4;
  report.read_error = ask(fd, kRead);
  report.write_error = ask(fd, kWrite);
  report.execute_error = ask(fd, kExecute);
}

}  // namespace

void run_examine(Worker& worker) noexcept {
  static char path[kMostPath];
  static char texts[2 * kMostPath];  // where it leads, and where a link leads that leads nowhere
  static char target[kMostPath];
  const size_t size = text_size(text_at(worker, 0));
  ExamineUser user;
  if (worker.descriptor_count != 1 || size >= kMostPath || worker.text_size < size + 1 + sizeof user) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  __builtin_memcpy(path, worker.texts, size + 1);
  __builtin_memcpy(&user, worker.texts + size + 1, sizeof user);
  const char* groups = worker.texts + size + 1 + sizeof user;
  if ((worker.text_size - size - 1 - sizeof user) / sizeof(uint32_t) < user.group_count) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  const int root = worker.descriptors[0];
  ExamineReport report;
  const int fd = find(root, path, report, target);
  long result = fd < 0 ? fd : describe_found(fd, report);
  if (result >= 0) {
    report.resolved_size = static_cast<uint32_t>(resolve_name(root, fd, texts));
    texts[report.resolved_size] = '\0';
    result = become(user, groups);
    report.user_error = errno_of(result);
    if (result >= 0) {
      ask_as_user(root, fd, texts, report);
    }
    __builtin_memcpy(texts + report.resolved_size, target, report.target_size);
    result = tell(worker, &report, sizeof report, texts, report.resolved_size + report.target_size, fd);
  }
  if (result < 0) {
    fail_work(worker, Step::ExamineEntry, result, text_at(worker, 0));
  }
}

}  // namespace dunnage::launcher
