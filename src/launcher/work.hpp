// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Having the launcher work on trees of files: as root, or as root of the user namespace, in a process of its own.

#include <dunnage/progress.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/connection.hpp"
#include "launcher/work_protocol.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace dunnage::launcher {

/// How a piece of work ended.
struct WorkOutcome {
  enum class End { Done, Failed, Cancelled, TimedOut, Lost };
  End end = End::Lost;
  Failure failure{};          ///< with Failed: the step and its errno
  std::string path;           ///< below the tree, what the failure is about; may be empty
  std::uint64_t entries = 0;  ///< that were worked on
  std::uint64_t bytes = 0;    ///< of content
  std::uint64_t cloned = 0;   ///< of these bytes, those that copies share with their originals

  [[nodiscard]] bool done() const noexcept { return end == End::Done; }
  /// The errno, errc::cancelled, errc::timed_out or errc::launcher_lost.
  [[nodiscard]] std::error_code code() const noexcept;
  /// `set the owner of "etc/passwd"`: the step and its path, to be an error's cause. Empty where code() says it all.
  [[nodiscard]] std::string cause() const;
};

/// One piece of work.
struct Work {
  WorkRequest request{};
  std::string texts{};             ///< behind the request
  std::vector<int> descriptors{};  ///< not owned
  std::string_view step{};         ///< what Progress calls it
  std::string_view subject{};
  bool in_bytes = false;  ///< what Progress counts; else entries
};

/// Gets the payload of each message of kind Found, and the descriptor that came with it, which is the sink's to take.
using WorkSink = std::function<void(std::span<const std::byte>, kernel::FileDescriptor&)>;

/// Waits by poll(2), with no thread, until the work has ended, and the worker with it; one that is cancelled or late is
/// ended. What `watch.progress` and `sink` throw ends it too, and comes out of here.
/// Throws: LaunchError(launcher_lost, timed_out) if it could not be asked for, kernel::CallError.
[[nodiscard]] WorkOutcome run_work(const Connection& connection, const Work& work, const Watch& watch,
                                   const WorkSink& sink = {});

}  // namespace dunnage::launcher
