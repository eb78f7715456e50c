// SPDX-License-Identifier: Apache-2.0
#include "cgroup/mounted.hpp"

#include "launcher/fields.hpp"
#include "launcher/mountinfo.hpp"

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

std::vector<MountedTree> mounted_trees(std::string_view mountinfo) {
  constexpr std::size_t kRoot = 3;
  constexpr std::size_t kPath = 4;
  constexpr std::size_t kOptionsAfterType = 2;
  std::vector<MountedTree> trees;
  for (const auto& [before, after] : launcher::mountinfo_lines(mountinfo)) {
    const bool unified = after.front() == "cgroup2";
    if (before.size() <= kPath || after.size() <= kOptionsAfterType || (!unified && after.front() != "cgroup")) {
      continue;
    }
    trees.push_back({.unified = unified,
                     .controllers = unified ? std::vector<std::string>{} : words_of(after[kOptionsAfterType]),
                     .root = launcher::unescaped(before[kRoot]),
                     .path = launcher::unescaped(before[kPath])});
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
