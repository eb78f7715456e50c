// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Locks of open file descriptions (fcntl_locking(2), F_OFD_SETLK). They belong to the description, not to the
/// process: they travel with a descriptor that is sent to another process, they work between threads, and the kernel
/// drops them when the last copy of the descriptor is closed, however that process ended.

#include <chrono>

namespace dunnage::kernel {

enum class LockKind { Shared, Exclusive };

/// Takes the lock, or changes the kind of the one that is held. Never waits.
/// \param fd opened for reading and writing
/// \return false if somebody else holds a lock that excludes it
/// Throws: CallError.
[[nodiscard]] bool try_lock(int fd, LockKind kind);

/// Bytes of a file, whether there are so many or not.
struct LockRange {
  int first = 0;
  int count = 0;  ///< 0: all from there on
};

/// The same of a part of the file, which is locked apart from the rest. Throws: CallError.
[[nodiscard]] bool try_lock(int fd, LockKind kind, LockRange range);

/// The same, waiting for those who hold it. They tell nobody when they are done, so it is asked for again and again.
/// \return false if somebody still held it when `patience` was over. Throws: CallError.
[[nodiscard]] bool lock_within(int fd, LockKind kind, std::chrono::milliseconds patience);

/// Drops the lock at once, even when a copy of the descriptor lives on in a process forked meanwhile.
void unlock(int fd) noexcept;

/// Whether somebody else holds a lock that would exclude `kind`. Takes none.
/// Throws: CallError.
[[nodiscard]] bool is_locked_by_another(int fd, LockKind kind, LockRange range = {});

}  // namespace dunnage::kernel
