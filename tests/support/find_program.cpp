// SPDX-License-Identifier: Apache-2.0
#include "support/find_program.hpp"

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace dunnage::test {

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> directories() {
  std::vector<fs::path> found;
  const char* path = std::getenv("PATH");
  std::istringstream parts{path == nullptr ? "" : path};
  for (std::string part; std::getline(parts, part, ':');) {
    if (!part.empty()) found.emplace_back(part);
  }
  for (const char* usual : {"/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin"}) {
    found.emplace_back(usual);
  }
  std::error_code ignored;
  for (const auto& version : fs::directory_iterator{"/usr/lib/postgresql", ignored}) {
    found.push_back(version.path() / "bin");
  }
  return found;
}

}  // namespace

std::optional<fs::path> find_program(std::string_view name) {
  for (const auto& directory : directories()) {
    fs::path candidate = directory / name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
  }
  return std::nullopt;
}

}  // namespace dunnage::test
