// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Users by name: looked up in the texts of the container's own passwd(5) and group(5), never by this process's
/// name service, which knows another machine.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launch {

struct User {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary
  std::string home = "/";
};

/// The account files of a root file system; empty when it has none.
struct Accounts {
  std::string passwd;
  std::string group;
};

/// \param text  `user[:group]`; empty: root
/// \param groups further supplementary groups, by name or number
/// Throws: LaunchError(user_unknown) with the nearest name, LaunchError(invalid_argument).
[[nodiscard]] User resolve_user(std::string_view text, const std::vector<std::string>& groups,
                                const Accounts& accounts);

/// "UID:GID"
[[nodiscard]] std::string numbers_of(const User& user);

}  // namespace dunnage::launch
