// SPDX-License-Identifier: Apache-2.0
#include "volume/living_record.hpp"

#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstddef>
#include <cstdio>
#include <tuple>

namespace dunnage::volume {

namespace {

bool is_older_than(int record, int directory, const char* name) {
  struct stat one {};
  struct stat other {};
  return ::fstat(record, &one) == 0 && ::fstatat(directory, name, &other, AT_SYMLINK_NOFOLLOW) == 0 &&
         std::tie(one.st_mtim.tv_sec, one.st_mtim.tv_nsec) < std::tie(other.st_mtim.tv_sec, other.st_mtim.tv_nsec);
}

// Who holds a record has locked all of it for himself. Who puts a stale one away keeps new holders off by sharing its
// first byte, and others like himself by another byte: he must not be taken for a holder.
constexpr kernel::LockRange kHolder{.first = 0, .count = 1};
constexpr kernel::LockRange kSweeper{.first = 1, .count = 1};

/// One that stays does no harm.
void put_away(int directory, const std::string& file, int record, const StaleRecords& stale) {
  if (stale.name == nullptr || is_older_than(record, stale.directory, stale.name) ||
      ::renameat(directory, file.c_str(), stale.directory, stale.name) != 0) {
    (void)::unlinkat(directory, file.c_str(), 0);
  }
}

}  // namespace

std::optional<std::string> read_living_record(int directory, const std::string& file, const StaleRecords& stale) {
  constexpr std::size_t kMostBytes = 4096;
  const auto record = kernel::open_beneath(directory, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!record) {
    return std::nullopt;  // gone, or nothing of ours
  }
  if (kernel::is_locked_by_another(record.get(), kernel::LockKind::Shared, kHolder)) {
    std::string buffer;
    return std::string{kernel::read_small_file(directory, file.c_str(), buffer, kMostBytes).text};
  }
  if (kernel::try_lock(record.get(), kernel::LockKind::Exclusive, kSweeper) &&
      kernel::try_lock(record.get(), kernel::LockKind::Shared, kHolder) &&
      kernel::is_at(directory, file, record.get())) {
    put_away(directory, file, record.get(), stale);
  }
  kernel::unlock(record.get());
  return std::nullopt;
}

}  // namespace dunnage::volume
