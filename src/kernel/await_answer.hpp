// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Looking up paths of the host where a file system may never answer (kernel/timed_call.hpp).

#include <chrono>
#include <string>

namespace dunnage::kernel {

/// Has the kernel look up what a path leads to, at most for so long. What it has in memory costs two calls; else a
/// process of our own memory does it, which can be killed while it waits. What comes right afterwards rarely waits.
/// \return 0 when there is an answer, be it that nothing is there; ETIMEDOUT; or why no process could be made
[[nodiscard]] int await_answer(const std::string& path, std::chrono::milliseconds patience);

/// Whether the errno of a timed call (kernel/timed_call.hpp) is about the asking, and says nothing of what is there.
[[nodiscard]] bool is_unanswered(int number) noexcept;

}  // namespace dunnage::kernel
