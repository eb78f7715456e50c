// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether anybody used a volume while something else went on, seen without a lock that would keep anybody out.

#include <ctime>

namespace dunnage::volume {

/// Whoever begins to use a volume makes a record in its `users/`, whoever ends removes it: both show in the times of
/// that directory.
class UseWatch {
 public:
  /// \param volume_fd  outlives it. Throws: CallError.
  explicit UseWatch(int volume_fd);

  /// Whether somebody used it when this was made.
  [[nodiscard]] bool was_used() const noexcept { return used_; }
  /// Whether somebody uses it, or came and went since. Throws: CallError.
  [[nodiscard]] bool is_used() const;

 private:
  int volume_fd_;
  bool used_ = false;
  timespec changed_{};
};

}  // namespace dunnage::volume
