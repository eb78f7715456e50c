// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The socket in a record, through which other processes reach the launcher of a container.

#include "kernel/file_descriptor.hpp"
#include "launcher/socket.hpp"

#include <chrono>
#include <string>

namespace dunnage::container {

inline constexpr const char* kControlName = "control.sock";

inline constexpr auto kPatience = std::chrono::seconds{2};  ///< with launchers that do not answer

/// A new listening socket at `name` in the record. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor listen_control(int record_directory, const std::string& name = kControlName);

enum class Listener {
  Nobody,  ///< the container has ended, or its launcher has died
  Silent,  ///< somebody listens and did not answer in time: it is stopped, or very busy
  Answering,
};

struct Contact {
  Listener listener = Listener::Nobody;
  kernel::FileDescriptor socket;  ///< empty with Nobody; may be with Silent
  launcher::Received first;       ///< with Answering: Started, with the present state and the pidfd if it runs
};

/// A launcher that was asked, and whose answer has not been taken.
struct Knock {
  bool nobody = false;
  kernel::FileDescriptor socket;  ///< empty with nobody, and if too many wait for it already
};

/// Connects, which makes the launcher answer. Throws: kernel::CallError.
[[nodiscard]] Knock knock(int record_directory);

/// Takes the first message, and knocks again where there was none. Throws: kernel::CallError.
[[nodiscard]] Contact answer(int record_directory, Knock knock, launcher::Deadline deadline);

/// Both at once. Throws: kernel::CallError.
[[nodiscard]] Contact contact(int record_directory, launcher::Deadline deadline);

/// Waits until the container behind a contact has ended. False when the deadline passed.
[[nodiscard]] bool wait_for_end(int socket, launcher::Deadline deadline);

}  // namespace dunnage::container
