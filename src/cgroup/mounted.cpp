// SPDX-License-Identifier: Apache-2.0
#include "cgroup/mounted.hpp"

#include "launcher/fields.hpp"

#include <cstddef>
#include <utility>

namespace dunnage::cgroup {
namespace {

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  for (const std::string_view word : launcher::fields_of(text, ',')) {
    words.emplace_back(word);
  }
  return words;
}

}  // namespace

std::string unescaped(std::string_view text) {
  constexpr std::size_t kDigits = 3;
  std::string plain;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '\\' || index + kDigits >= text.size()) {
      plain += text[index];
      continue;
    }
    unsigned code = 0;
    for (std::size_t digit = 1; digit <= kDigits; ++digit) {
      code = code * 8U + static_cast<unsigned>(text[index + digit] - '0');
    }
    plain += static_cast<char>(code);
    index += kDigits;
  }
  return plain;
}

std::vector<MountedTree> mounted_trees(std::string_view mountinfo) {
  constexpr std::size_t kRoot = 3;
  constexpr std::size_t kPath = 4;
  constexpr std::size_t kOptionsAfterType = 2;
  std::vector<MountedTree> trees;
  for (const std::string_view line : launcher::fields_of(mountinfo, '\n')) {
    const std::size_t dash = line.find(" - ");
    if (dash == std::string_view::npos) {
      continue;
    }
    const auto before = launcher::fields_of(line.substr(0, dash), ' ');
    const auto after = launcher::fields_of(line.substr(dash + 3), ' ');
    const bool unified = after.front() == "cgroup2";
    if (before.size() <= kPath || after.size() <= kOptionsAfterType || (!unified && after.front() != "cgroup")) {
      continue;
    }
    trees.push_back({.unified = unified,
                     .controllers = unified ? std::vector<std::string>{} : words_of(after[kOptionsAfterType]),
                     .root = unescaped(before[kRoot]),
                     .path = unescaped(before[kPath])});
  }
  return trees;
}

std::vector<Membership> memberships(std::string_view cgroups) {
  std::vector<Membership> found;
  for (const std::string_view line : launcher::fields_of(cgroups, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) {
      continue;
    }
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool unified = controllers.empty() && line.substr(0, first) == "0";
    found.push_back(
        {unified, unified ? std::vector<std::string>{} : words_of(controllers), std::string{line.substr(second + 1)}});
  }
  return found;
}

}  // namespace dunnage::cgroup
