// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The lock of a record.

#include "kernel/file_descriptor.hpp"

namespace dunnage::container {

inline constexpr const char* kLockName = "lock";

/// Held for a moment by whoever takes a record away or gives it a new control socket, and as long as it takes by who
/// copies files of a container that has ended. Who holds it and finds that nobody listens knows that this stays so, and
/// that the record keeps its name.
class RecordLock {
 public:
  /// Waits for it, a few seconds at most. Throws: kernel::CallError; its number is EBUSY if somebody kept it.
  explicit RecordLock(int record_directory);
  RecordLock(const RecordLock&) = delete;
  RecordLock& operator=(const RecordLock&) = delete;
  ~RecordLock();

  [[nodiscard]] int descriptor() const noexcept { return file_.get(); }
  /// A process that was given a copy of the descriptor holds it as long as it likes, whatever becomes of this one.
  void hand_over() noexcept { handed_over_ = true; }

 private:
  kernel::FileDescriptor file_;
  bool handed_over_ = false;
};

}  // namespace dunnage::container
