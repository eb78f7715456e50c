// SPDX-License-Identifier: Apache-2.0
#include "volume/living_record.hpp"

#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>

namespace dunnage::volume {

std::optional<std::string> read_living_record(int directory, const std::string& file) {
  constexpr std::size_t kMostBytes = 4096;
  const auto record = kernel::open_beneath(directory, file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!record) {
    return std::nullopt;  // gone, or nothing of ours
  }
  if (kernel::is_locked_by_another(record.get(), kernel::LockKind::Exclusive)) {
    std::string buffer;
    return std::string{kernel::read_small_file(directory, file.c_str(), buffer, kMostBytes).text};
  }
  if (kernel::try_lock(record.get(), kernel::LockKind::Exclusive) && kernel::is_at(directory, file, record.get())) {
    (void)::unlinkat(directory, file.c_str(), 0);  // a stale record that stays does no harm
  }
  kernel::unlock(record.get());
  return std::nullopt;
}

}  // namespace dunnage::volume
