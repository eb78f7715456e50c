// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The records of launcher/record_list.hpp, one after the other. Each has a `size` and a `path_size`, and its path
/// follows it.

#include "launcher/program/system.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {

/// Whether a record, with its path and so many bytes behind that, lies within `size` bytes.
template <typename Record>
bool is_whole(const Record& record, const char* path, uint64_t further, uint64_t size) noexcept {
  return record.size >= sizeof record && record.size <= size && record.size % 8 == 0 &&
         sizeof record + uint64_t{record.path_size} + further <= record.size && record.path_size > 1 &&
         path[record.path_size - 1] == '\0' && text_size(path) == record.path_size - 1 && path[0] != '/';
}

/// Calls `obey(const Record&, const char* path)` for each until it answers false; `further(const Record&)` says how
/// many bytes of it follow the path. \return false, and the work has failed, if they cannot be read
template <typename Record, typename Further, typename Obey>
bool each_record(Worker& worker, int fd, Further&& further, Obey&& obey) noexcept {
  constexpr long kRead = 1;
  constexpr long kPrivate = 2;
  struct statx status {};
  long result = raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH, STATX_SIZE, as_argument(&status));
  const uint64_t size = status.stx_size;
  if (result >= 0 && size > 0) {
    result = raw_syscall(__NR_mmap, 0, static_cast<long>(size), kRead, kPrivate, fd, 0);
  }
  if (result < 0 && result > -4096) {
    fail_work(worker, Step::ReadRecords, result, "");
    return false;
  }
  const auto* records = reinterpret_cast<const char*>(result);
  for (uint64_t position = 0; position < size;) {
    Record record;
    const char* path = records + position + sizeof record;
    if (size - position > sizeof record) {
      __builtin_memcpy(&record, records + position, sizeof record);
    }
    if (!is_whole(record, path, further(record), size - position)) {  // one that is not there has a size of 0
      fail_work(worker, Step::ReadRecords, -EBADMSG, "");
      return false;
    }
    if (!obey(record, path)) {
      return true;
    }
    position += record.size;
  }
  return true;
}

}  // namespace dunnage::launcher
