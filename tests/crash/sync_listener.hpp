// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Hears of each syncfs of a process and of all it starts, before it is done: FUSE does not tell its servers of it.
///
/// Kernel: SECCOMP_RET_USER_NOTIF with SECCOMP_USER_NOTIF_FLAG_CONTINUE (5.5), pidfd_getfd (5.6).

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <functional>

namespace dunnage::test {

/// For this process from now on. A syncfs waits until it has been heard. \return the number of the descriptor at which
/// that is done, which stays open. Throws: std::system_error.
[[nodiscard]] int announce_syncs();

class SyncListener {
 public:
  /// \param number  that of the process. Throws: std::system_error.
  SyncListener(pid_t process, int number);
  /// Can be read when one waits.
  [[nodiscard]] int fd() const noexcept { return listener_.get(); }
  /// Calls `hear` for one that waits, and lets it go on.
  void hear_one(const std::function<void()>& hear) const;

 private:
  kernel::FileDescriptor listener_;
};

}  // namespace dunnage::test
