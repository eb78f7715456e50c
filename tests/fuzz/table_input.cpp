// SPDX-License-Identifier: Apache-2.0
#include "fuzz/table_input.hpp"

#include "cgroup/mounted.hpp"
#include "launch/user.hpp"

#include <dunnage/error.hpp>

#include <array>
#include <cstdlib>
#include <iostream>
#include <string>

namespace dunnage::test {
namespace {

void require(bool condition, const char* what) {
  if (!condition) {
    std::cerr << "table input: " << what << '\n';
    std::abort();
  }
}

void look_up(const char* user, const launch::Accounts& accounts) {
  try {
    const launch::User found = launch::resolve_user(user, {"staff", "7"}, accounts);
    require(found.uid != UINT32_MAX && found.gid != UINT32_MAX, "the id that is none is somebody's");
    require(!found.home.empty(), "a user has no home");
    for (const std::uint32_t group : found.groups) {
      require(group != UINT32_MAX, "the id that is none is a group");
    }
  } catch (const Error& error) {
    require(*error.what() != '\0', "a refusal says nothing");
  }
}

}  // namespace

void read_table_input(std::string_view bytes) {
  if (bytes.empty()) {
    return;
  }
  constexpr std::array<const char*, 8> kUsers{"",     "root", "app",        "app:staff",
                                              "1000", "0:0",  "4294967294", "99999999999"};
  const auto choice = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  const std::size_t nul = bytes.find('\0');
  const launch::Accounts accounts{std::string{bytes.substr(0, nul)},
                                  std::string{nul == std::string_view::npos ? "" : bytes.substr(nul + 1)}};
  look_up(kUsers.at(choice % kUsers.size()), accounts);
  (void)cgroup::mounted_trees(bytes);
  (void)cgroup::memberships(bytes);
}

}  // namespace dunnage::test
