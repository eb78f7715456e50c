// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <sstream>
#include <string>

namespace dunnage::test {

/// The lines that are in one of two texts only, with "-" or "+" in front; empty if there are none. Order is not looked
/// at.
[[nodiscard]] inline std::string line_difference(const std::string& before, const std::string& now) {
  const auto lines_of = [](const std::string& text) {
    std::multiset<std::string> lines;
    std::istringstream stream{text};
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  };
  const auto old_lines = lines_of(before);
  const auto new_lines = lines_of(now);
  std::string text;
  for (const std::string& line : old_lines) {
    if (!new_lines.contains(line)) text += "- " + line + "\n";
  }
  for (const std::string& line : new_lines) {
    if (new_lines.count(line) != old_lines.count(line)) text += "+ " + line + "\n";
  }
  return text;
}

}  // namespace dunnage::test
