// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Starting a program without disturbing the host: nothing of its memory is copied, no fork handler runs, and the
/// program is never a child of the host. execve(2) gives every child the exit signal SIGCHLD, whatever it was cloned
/// with, so the program is the child of a go-between, a clone that executes nothing and so is hidden from wait(2) and
/// raises no signal.

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <vector>

namespace dunnage::launcher {

struct Spawn {
  int program = -1;                         ///< descriptor of the executable
  std::vector<const char*> argv{};          ///< without the closing null pointer
  std::vector<int> descriptors{};           ///< become 3, 4, … of the program; at most 8
  std::uint64_t namespaces = 0;             ///< CLONE_NEW…
  std::array<int, 3> standard{-1, -1, -1};  ///< become 0, 1, 2; below zero: /dev/null
  std::vector<const char*> environment{};   ///< "NAME=value", without the closing null pointer; nothing else is there
};

struct SpawnedProcess {
  pid_t pid = 0;
  kernel::FileDescriptor process;  ///< pidfd
};

/// Returns when the program has been executed. Its go-between is gone then, so that init, or the nearest subreaper, has
/// adopted it and will reap it. With a new user namespace the program has all capabilities in it.
/// Throws: kernel::CallError.
[[nodiscard]] SpawnedProcess spawn_orphan(const Spawn& request);

/// Runs the program to its end; kills it when `patience` is over. \return what it exited with, or 128 + signal
/// Throws: kernel::CallError.
[[nodiscard]] int run_program(const Spawn& request, std::chrono::milliseconds patience);

/// Waits for the end of an orphan. \return false if it is still there when `patience` is over
bool wait_for_end(const SpawnedProcess& process, std::chrono::milliseconds patience) noexcept;

}  // namespace dunnage::launcher
