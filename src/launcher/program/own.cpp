// SPDX-License-Identifier: Apache-2.0
// Giving the entries of a tree what an archive says of them, which takes the ids of the user namespace.

#include "launcher/program/entry.hpp"
#include "launcher/program/parent_directory.hpp"
#include "launcher/program/record_list.hpp"
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
  if (worker.descriptor_count != 2) {
    fail_work(worker, Step::ReadRecords, -EBADMSG, "");
    return;
  }
  parent.tree = worker.descriptors[0];
  (void)each_record<OwnRecord>(
      worker, worker.descriptors[1], [](const OwnRecord& record) { return record.capability_size; },
      [&](const OwnRecord& record, const char* path) { return obey(worker, parent, record, path); });
}

}  // namespace dunnage::launcher
