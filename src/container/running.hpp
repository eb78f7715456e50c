// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Our end of a program the launcher runs: what Container and Process have in common.

#include <dunnage/launch_timings.hpp>
#include <dunnage/process.hpp>

#include "container/reader.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/protocol.hpp"
#include "launcher/socket.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::container {

/// How long the end of what is killed is waited for.
inline constexpr std::chrono::seconds kEndTimeout{10};

/// The descriptors a handle gives out, and the readers of callbacks.
struct Streams {
  kernel::FileDescriptor in;
  kernel::FileDescriptor out;
  kernel::FileDescriptor err;
  kernel::FileDescriptor terminal;
  std::vector<std::unique_ptr<Reader>> readers;
};

/// Thread safety: all members may be called from any thread, the destructor aside.
class Running {
 public:
  /// \param subject  what errors call it: the name of a container
  /// \param process  pidfd of its first process; may be empty
  /// \param launcher  that of this process which runs it, and ends with the last who needs it; none if another does
  Running(std::string subject, kernel::FileDescriptor channel, kernel::FileDescriptor process, Streams streams,
          std::shared_ptr<launcher::Connection> launcher = nullptr);
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running();

  /// Nothing when the deadline passed. Throws: LaunchError(wrong_process).
  [[nodiscard]] std::optional<ExitStatus> wait_until(launcher::Deadline deadline) const;
  [[nodiscard]] ExitStatus wait() const;

  /// Sends a command and waits for its answer. Throws: LaunchError(not_running, wrong_process, timed_out), and with
  /// the errno the launcher met.
  launcher::Received command(launcher::MessageKind kind, int number, const std::string& operation) const;

  /// Sends a message, with what follows it, and waits for its answer, whatever that says. Throws:
  /// LaunchError(not_running, wrong_process, timed_out).
  launcher::Received ask(launcher::Message message, std::span<const std::byte> payload,
                         const std::string& operation) const;

  /// Sends a signal. Throws: LaunchError(invalid_argument) for a number that is none, and as command().
  void signal(int number, const std::string& operation) const;

  [[nodiscard]] int channel() const noexcept { return channel_.get(); }
  /// Process id as this process sees it; 0 when it has ended.
  [[nodiscard]] int pid() const;
  [[nodiscard]] Streams& streams() noexcept { return streams_; }
  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }
  [[nodiscard]] const LaunchTimings& timings() const noexcept { return timings_; }
  /// Before anybody else knows of it.
  void set_timings(LaunchTimings timings) noexcept { timings_ = std::move(timings); }
  /// False in a forked copy of the process that made the handle.
  [[nodiscard]] bool is_ours() const noexcept;
  void require_ours(const std::string& operation) const;

  /// Kills it, if it runs, and waits for its end, at most `limit`. Never throws.
  void kill_and_wait(std::chrono::milliseconds limit) const noexcept;

 private:
  std::string subject_;
  pid_t owner_;
  kernel::FileDescriptor channel_;
  kernel::FileDescriptor process_;
  Streams streams_;
  LaunchTimings timings_;
  std::shared_ptr<launcher::Connection> launcher_;
};

/// Process id behind a pidfd, from /proc/self/fdinfo; 0 when it has ended.
[[nodiscard]] int pid_of(int pidfd);

/// Whether it runs on, so that who was asked of it and closed the channel without a word could not take descriptors.
[[nodiscard]] bool is_dropped(const Running& run);

}  // namespace dunnage::container
