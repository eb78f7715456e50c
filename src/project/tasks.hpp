// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Tasks that need others to be done first, worked on by a few threads.

#include <cstddef>
#include <exception>
#include <functional>
#include <stop_token>
#include <vector>

namespace dunnage::project {

struct Task {
  std::vector<std::size_t> needs;  ///< indices of tasks that have to be done before it
  /// Ends early, by an exception, when a stop is asked for.
  std::function<void(std::stop_token)> work;
};

/// Runs the tasks, `parallel` at once at most, and returns when no thread is left. When one throws, or `stop` is asked
/// for, those that run are asked to stop and no other is begun.
/// \return what was thrown, the first first; empty if all are done, or none could be begun after a stop
[[nodiscard]] std::vector<std::exception_ptr> run_tasks(const std::vector<Task>& tasks, unsigned parallel,
                                                        const std::stop_token& stop);

}  // namespace dunnage::project
