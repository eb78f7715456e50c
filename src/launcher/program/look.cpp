// SPDX-License-Identifier: Apache-2.0
// Looking at one entry, and moving one: what an ordinary user may not where the files belong to other ids.

#include "launcher/program/each_entry.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {
namespace {

/// 1, 0 or -errno.
long has_entries(int directory) noexcept {
  const int fd = kernel::open_at2(directory, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
  if (fd < 0) {
    return fd;
  }
  alignas(8) char entries[4096];
  const long found = each_entry(fd, entries, [](const DirectoryEntry&) { return 1; });
  (void)close_descriptor(fd);
  return found;
}

long describe(int fd, LookReport& report, char* target, size_t size) noexcept {
  struct statx status {};
  long result = status_of(fd, status);
  if (result < 0) {
    return result;
  }
  report.mode = status.stx_mode;
  report.size = status.stx_size;
  report.inode = status.stx_ino;
  report.device = device_of(status);
  if (kind_of(status) == S_IFLNK) {
    result = raw_syscall(__NR_readlinkat, fd, as_argument(""), as_argument(target), static_cast<long>(size));
    report.target_size = result < 0 ? 0 : static_cast<uint32_t>(result);
  } else if (kind_of(status) == S_IFDIR) {
    result = has_entries(fd);
    report.has_entries = result > 0 ? 1 : 0;
  }
  return result;
}

/// \return how many entries were moved, or -errno
long move_up(int from, int to) noexcept {
  alignas(8) char entries[4096];
  long moved = 0;
  long result = raw_syscall(__NR_lseek, from, 0, SEEK_SET);
  result = result < 0 ? result : each_entry(from, entries, [&](const DirectoryEntry& entry) -> long {
    constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
    const long renamed =
        raw_syscall(__NR_renameat2, from, as_argument(entry.name), to, as_argument(entry.name), kNoReplace);
    moved += renamed < 0 ? 0 : 1;
    return renamed == -EEXIST || renamed == -ENOENT ? 0 : renamed;
  });
  return result < 0 ? result : moved;
}

}  // namespace

void run_look(Worker& worker) noexcept {
  if (worker.descriptor_count != 1) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  const char* path = text_at(worker, 0);
  const unsigned nofollow = (worker.request.flags & kLookFollow) != 0 ? 0 : O_NOFOLLOW;
  const int fd = kernel::open_at2(worker.descriptors[0], path[0] == '\0' ? "." : path, O_PATH | nofollow,
                                  RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  static char target[kMostPath];
  LookReport report;
  long result = fd < 0 ? fd : describe(fd, report, target, sizeof target);
  result = result < 0 ? result : tell(worker, &report, sizeof report, target, report.target_size);
  if (result < 0) {
    fail_work(worker, Step::OpenEntry, result, path);
  }
}

void run_move(Worker& worker) noexcept {
  if (worker.descriptor_count != 2) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  const char* below = text_at(worker, 2);
  const int to = below[0] == '\0' ? worker.descriptors[1]
                                  : kernel::open_at2(worker.descriptors[1], below, O_PATH | O_DIRECTORY,
                                                     RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS);
  constexpr unsigned kExchange = 2;  // RENAME_EXCHANGE
  const long result = to < 0 ? to
                             : raw_syscall(__NR_renameat2, worker.descriptors[0], as_argument(text_at(worker, 0)), to,
                                           as_argument(text_at(worker, 1)),
                                           (worker.request.flags & kMoveExchange) != 0 ? kExchange : 0);
  if (result < 0) {
    fail_work(worker, Step::MoveEntry, result, text_at(worker, 1));
  }
}

void run_spill(Worker& worker) noexcept {
  if (worker.descriptor_count != 1) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  const char* name = text_at(worker, 0);
  const int to = kernel::open_at2(worker.descriptors[0], ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
  const int from = to < 0 ? to : kernel::open_at2(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneComponent);
  long result = from;
  // reading a directory that loses entries may leave some of the others out
  for (long moved = 1; result >= 0 && moved > 0; moved = result) {
    result = move_up(from, to);
  }
  if (result < 0) {
    fail_work(worker, Step::MoveEntry, result, name);
  }
}

}  // namespace dunnage::launcher
