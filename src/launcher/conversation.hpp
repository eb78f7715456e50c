// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a worker of the launcher says, up to its end.

#include <dunnage/progress.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/socket.hpp"
#include "launcher/stop_signal.hpp"
#include "launcher/work.hpp"

#include <sys/socket.h>
#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

namespace dunnage::launcher {

/// The talk with one worker. Whoever leaves it early ends the worker.
class Conversation {
 public:
  enum class Event { Message, End, Stop, Late };

  Conversation(kernel::FileDescriptor channel, const Watch& watch);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;
  ~Conversation();

  /// Hears what it says of the work. Lost: it has ended without a word.
  /// Throws: what `watch.progress` and `sink` throw, kernel::CallError.
  [[nodiscard]] WorkOutcome hear_out(const Work& work, const Watch& watch, const WorkSink& sink);
  /// Whether the other end was closed before it had read everything.
  [[nodiscard]] bool unread() const noexcept { return unread_; }

 private:
  [[nodiscard]] Event next(Deadline deadline, bool stoppable);
  [[nodiscard]] ssize_t receive();
  void take_descriptors(const cmsghdr* control);
  [[nodiscard]] Event take(std::size_t size);
  [[nodiscard]] Event wait(Deadline deadline, bool stoppable);

  kernel::FileDescriptor channel_;
  StopSignal stop_;
  Deadline deadline_;
  std::vector<std::byte> buffer_;
  bool unread_ = false;
  Message message_{};
  std::span<const std::byte> payload_{};
  kernel::FileDescriptor descriptor_;  ///< empty if none came with the message
};

}  // namespace dunnage::launcher
