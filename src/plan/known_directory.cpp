// SPDX-License-Identifier: Apache-2.0
#include "plan/known_directory.hpp"

#include <boost/filesystem.hpp>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <string_view>

namespace dunnage::plan {
namespace {

constexpr std::array<std::string_view, 26> kKnown{
    "/",    "/bin",   "/boot",  "/dev", "/etc", "/etc/passwd", "/etc/pki", "/etc/shadow", "/home",
    "/lib", "/lib64", "/media", "/mnt", "/opt", "/proc",       "/root",    "/run",        "/sbin",
    "/srv", "/sys",   "/tmp",   "/usr", "/var", "/var/lib",    "/var/log", "/var/tmp"};

}  // namespace

bool is_known_directory(const std::filesystem::path& path) {
  if (std::find(kKnown.begin(), kKnown.end(), path.native()) != kKnown.end()) {
    return true;
  }
  // NOLINTNEXTLINE(concurrency-mt-unsafe): nothing in this library changes the environment
  const char* home = std::getenv("HOME");
  boost::system::error_code fault;
  return home != nullptr && *home != '\0' && boost::filesystem::canonical(home, "/", fault).string() == path.native() &&
         !fault;
}

}  // namespace dunnage::plan
