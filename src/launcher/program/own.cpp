// SPDX-License-Identifier: Apache-2.0
// Giving the entries of a tree what an archive says of them, which takes the ids of the user namespace.

#include "launcher/program/entry.hpp"
#include "launcher/program/parent_directory.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {
namespace {

bool give(Worker& worker, const OwnRecord& record, const char* path, int fd) noexcept {
  struct statx status {};
  const auto done = [&](Step step, long result) {
    if (result < 0) {
      fail_work(worker, step, result, path);
    }
    return result >= 0;
  };
  if (!done(Step::OpenEntry, status_of(fd, status))) {
    return false;
  }
  const bool owner = (record.flags & kOwnOwner) != 0;
  if (owner && !done(Step::SetOwner, set_owner(fd, record.uid, record.gid))) {
    return false;
  }
  const bool mode = (record.flags & kOwnMode) != 0 && kind_of(status) != S_IFLNK;
  if (mode && !done(Step::SetMode, set_mode(fd, record.mode & 07777U))) {
    return false;
  }
  if (record.capability_size > 0) {
    const long result = kind_of(status) != S_IFREG
                            ? -EINVAL
                            : set_attribute(fd, "security.capability", path + record.path_size, record.capability_size);
    if (!done(Step::SetAttribute, result)) {
      return false;
    }
  }
  const timespec access{0, UTIME_OMIT};
  const timespec modification{record.seconds, static_cast<long>(record.nanoseconds)};
  return (record.flags & kOwnTime) == 0 || done(Step::SetTimes, set_times(fd, access, modification));
}

/// Whether a record, with all that follows it, lies within `size` bytes.
bool is_whole(const OwnRecord& record, const char* path, uint64_t size) noexcept {
  const uint64_t needed = sizeof record + uint64_t{record.path_size} + record.capability_size;
  return record.size <= size && record.size % 8 == 0 && needed <= record.size && record.path_size > 1 &&
         path[record.path_size - 1] == '\0' && text_size(path) == record.path_size - 1 && path[0] != '/';
}

bool obey(Worker& worker, ParentDirectory& parent, const OwnRecord& record, const char* path) noexcept {
  const char* leaf = path;
  const int directory = parent.open(path, leaf);
  const int fd = directory < 0 ? directory : kernel::open_at2(directory, leaf, O_PATH | O_NOFOLLOW, kOneComponent);
  if (fd < 0) {
    fail_work(worker, Step::OpenEntry, fd, path);
    return false;
  }
  const bool given = give(worker, record, path, fd);
  (void)close_descriptor(fd);
  worker.entries.fetch_add(1, std::memory_order_relaxed);
  return given;
}

}  // namespace

void run_own(Worker& worker) noexcept {
  static ParentDirectory parent;
  struct statx status {};
  long result = worker.descriptor_count == 2 ? status_of(worker.descriptors[1], status) : -EBADMSG;
  const uint64_t size = status.stx_size;
  const char* records = nullptr;
  if (result >= 0 && size > 0) {
    constexpr long kRead = 1;
    constexpr long kPrivate = 2;
    result = raw_syscall(__NR_mmap, 0, static_cast<long>(size), kRead, kPrivate, worker.descriptors[1], 0);
    records = reinterpret_cast<const char*>(result);
  }
  if (result < 0 && result > -4096) {
    fail_work(worker, Step::ReadRecords, result, "");
    return;
  }
  parent.tree = worker.descriptors[0];
  for (uint64_t position = 0; position < size;) {
    OwnRecord record;
    const char* path = records + position + sizeof record;
    if (size - position <= sizeof record) {
      fail_work(worker, Step::ReadRecords, -EBADMSG, "");
      return;
    }
    __builtin_memcpy(&record, records + position, sizeof record);
    if (record.size < sizeof record || !is_whole(record, path, size - position)) {
      fail_work(worker, Step::ReadRecords, -EBADMSG, "");
      return;
    }
    if (!obey(worker, parent, record, path)) {
      return;
    }
    position += record.size;
  }
}

}  // namespace dunnage::launcher
