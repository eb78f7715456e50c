// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// As whom containers run: decided by what this process may do, never by asking.

#include <sys/types.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

enum class Privilege {
  Root,    ///< CAP_SYS_ADMIN here: no user namespace
  Range,   ///< an ordinary user with ranges in /etc/subuid and /etc/subgid
  Single,  ///< an ordinary user without: one id exists in the container
};

/// One run of ids of a user namespace: `inside` … maps to `outside` ….
struct IdRange {
  std::uint32_t inside = 0;
  std::uint32_t outside = 0;
  std::uint32_t count = 0;
  friend auto operator<=>(const IdRange&, const IdRange&) = default;
};

struct Identity {
  Privilege privilege = Privilege::Root;
  std::vector<IdRange> users;
  std::vector<IdRange> groups;

  [[nodiscard]] bool rootless() const noexcept { return privilege != Privilege::Root; }
  friend auto operator<=>(const Identity&, const Identity&) = default;
};

/// What this process may do now. Reads files of the machine for an ordinary user: ask once for each launch.
/// \param uid, gid whom the first process is to be, inside; they matter for Privilege::Single only, where they are the
/// one id there is.
[[nodiscard]] Identity identity_for(std::uint32_t uid, std::uint32_t gid);

/// Whether this thread may do that now: CAP_SYS_ADMIN and the like.
[[nodiscard]] bool has_capability(int capability) noexcept;

/// Where newuidmap or newgidmap is; empty if it is not installed.
[[nodiscard]] std::string find_map_program(const std::string& name);

/// The ranges /etc/subuid or /etc/subgid gives to this user. `text` is the file's content.
[[nodiscard]] std::vector<IdRange> parse_subordinate_ids(std::string_view text, const std::string& user_name,
                                                         uid_t user);

}  // namespace dunnage::launcher
