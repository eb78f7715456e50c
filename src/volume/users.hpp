// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Who uses a volume. Each user holds two locks: the volume's `lock` shared, and its own record in `users/`
/// exclusively. The kernel drops both when the user ends; a record nobody holds is stale, whatever it says.

#include "kernel/file_descriptor.hpp"
#include "volume/claim.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

/// With who holds the volume's lock for an instant without being a user, and has to wait for a processor meanwhile.
inline constexpr auto kPatienceWithOthers = std::chrono::seconds{5};

struct User {
  std::string id;    ///< of the container
  std::string name;  ///< of the container; its id if it has none
  Claim claim = Claim::Write;
  int pid = 0;  ///< of the process that took the volume, for people to read; never a proof of life

  friend bool operator==(const User&, const User&) = default;
};

/// The text of a record.
[[nodiscard]] std::string encode_user(const User& user);

/// Which container ended last, as far as that is known: its record is kept under this name, beside `users/`.
inline constexpr const char* kLastUserName = "last-user";

/// What a record says. \param file  its name, which tells the container while the record is being written
[[nodiscard]] User decode_user(std::string_view text, const std::string& file);

/// The living users of the volume that is open as `volume_fd`, without double ones, sorted by name. Takes stale records
/// away, but for the last. Throws: CallError.
[[nodiscard]] std::vector<User> living_users(int volume_fd);

[[nodiscard]] std::vector<std::string> names_of(const std::vector<User>& users);

/// The volume's lock, exclusively, for who changes what nobody uses: who removes the volume or begins to use it may
/// hold it for an instant. Empty if somebody uses it. Throws: CallError.
[[nodiscard]] kernel::FileDescriptor lock_alone(int volume_fd);

/// Whether anybody holds the volume's lock. Throws: CallError.
[[nodiscard]] bool is_in_use(int volume_fd);

}  // namespace dunnage::volume
