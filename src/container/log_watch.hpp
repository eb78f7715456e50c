// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One descriptor that tells that a log has grown or its container has ended.

#include "kernel/file_descriptor.hpp"

namespace dunnage::container {

class LogWatch {
 public:
  /// \param launcher  a connection to the launcher, which stays the caller's and has to stay open; -1 without one
  /// Throws: kernel::CallError.
  LogWatch(int record_directory, int launcher);

  /// Can be read when there was a change since the last reset(), and when the launcher has something to say.
  [[nodiscard]] int fd() const noexcept { return epoll_.get(); }
  /// To be called before looking at the log: what comes later shows again.
  void reset() noexcept;

 private:
  void add(int fd) const;

  kernel::FileDescriptor changes_;  ///< inotify(7), or a timer where there are no more instances of it
  kernel::FileDescriptor epoll_;
};

}  // namespace dunnage::container
