// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who uses a volume. Each user holds two locks: the volume's `lock` shared, and its own record in `users/`
/// exclusively. The kernel drops both when the user ends; a record nobody holds is stale, whatever it says.

#include "kernel/file_descriptor.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace dunnage::volume {

/// With who holds the volume's lock for an instant without being a user, and has to wait for a processor meanwhile.
inline constexpr auto kPatienceWithOthers = std::chrono::seconds{5};

struct User {
  std::string id;    ///< of the container
  std::string name;  ///< of the container; its id if it has none
  int pid = 0;       ///< of the process that took the volume, for people to read; never a proof of life

  friend bool operator==(const User&, const User&) = default;
};

/// The text of a record.
[[nodiscard]] std::string encode_user(const User& user);

/// The living users of the volume that is open as `volume_fd`, without double ones, sorted by name. Deletes stale
/// records. Throws: CallError.
[[nodiscard]] std::vector<User> living_users(int volume_fd);

[[nodiscard]] std::vector<std::string> names_of(const std::vector<User>& users);

/// The volume's lock, exclusively, for who changes what nobody uses: who removes the volume or begins to use it may
/// hold it for an instant. Empty if somebody uses it. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor lock_alone(int volume_fd);

/// Whether anybody holds the volume's lock. Throws: CallError.
[[nodiscard]] bool is_in_use(int volume_fd);

}  // namespace dunnage::volume
