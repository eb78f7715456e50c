// SPDX-License-Identifier: Apache-2.0
#include "launch/environment.hpp"

#include <string>
#include <utility>
#include <vector>

namespace dunnage::launch {

Environment complete_environment(const Environment& asked, const std::string& home, const std::string& hostname,
                                 bool terminal) {
  Environment environment{
      {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, {"HOME", home}, {"HOSTNAME", hostname}};
  if (terminal) {
    environment.emplace("TERM", "xterm");
  }
  for (const auto& [name, value] : asked) {
    environment.insert_or_assign(name, value);
  }
  return environment;
}

std::vector<std::string> lines_of(const Environment& environment) {
  std::vector<std::string> lines;
  lines.reserve(environment.size());
  for (const auto& [name, value] : environment) {
    lines.push_back(name + "=" + value);
  }
  return lines;
}

}  // namespace dunnage::launch
