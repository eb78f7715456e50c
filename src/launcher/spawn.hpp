// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Starting a program without disturbing the host: nothing of its memory is copied and no fork handler runs. The clone
/// is made with exit signal 0, but execve(2) sets it back to SIGCHLD: the program's end is seen by the host, and so is
/// the program by a host that waits for any child.

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <cstdint>
#include <vector>

namespace dunnage::launcher {

struct Spawn {
  int program = -1;                 ///< descriptor of the executable
  std::vector<const char*> argv{};  ///< without the closing null pointer
  std::vector<int> descriptors{};   ///< become 3, 4, … of the program; 0, 1, 2 are /dev/null
  std::uint64_t namespaces = 0;     ///< CLONE_NEW…
};

struct SpawnedProcess {
  pid_t pid = 0;
  kernel::FileDescriptor process;  ///< pidfd
};

/// Returns when the program has been executed. With a new user namespace the program has all capabilities in it.
/// Throws: kernel::CallError.
[[nodiscard]] SpawnedProcess spawn(const Spawn& request);

/// Waits for its end. \return what waitid(2) calls si_status if it exited, 128 + signal, or -1 if somebody else was
/// faster to wait for it
int wait_for(const SpawnedProcess& process) noexcept;

/// Takes the remains of a process that has ended; does not wait.
void reap(const SpawnedProcess& process) noexcept;

}  // namespace dunnage::launcher
