// SPDX-License-Identifier: Apache-2.0
#include "volume/user_data.hpp"

#include <pwd.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <vector>

namespace dunnage::volume {
namespace {

/// An absolute path from the environment. Not from that of a set-user-ID program, which its caller wrote.
std::filesystem::path path_from(const char* variable) {
  const char* value = ::secure_getenv(variable);
  std::filesystem::path path{value == nullptr ? "" : value};
  return path.is_absolute() ? path : std::filesystem::path{};
}

std::filesystem::path home_from_passwd() {
  constexpr std::size_t kBytes = 16384;
  std::vector<char> buffer(kBytes);
  passwd entry{};
  passwd* found = nullptr;
  if (::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) {
    return {};
  }
  const std::filesystem::path home{found->pw_dir};
  return home.is_absolute() ? home : std::filesystem::path{};
}

}  // namespace

std::filesystem::path user_data() {
  if (auto data = path_from("XDG_DATA_HOME"); !data.empty()) {
    return data;
  }
  auto home = path_from("HOME");
  if (home.empty()) {
    home = home_from_passwd();
  }
  return home.empty() ? home : home / ".local" / "share";
}

}  // namespace dunnage::volume
