// SPDX-License-Identifier: Apache-2.0
#include "model/path_pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace dunnage::model {
namespace {

/// One name; the usual two-pointer way, whose cost is the product of the lengths at worst.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t seen = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  while (seen < name.size()) {
    if (at < pattern.size() && (pattern[at] == '?' || (pattern[at] == name[seen] && pattern[at] != '*'))) {
      ++at;
      ++seen;
    } else if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = seen;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      seen = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace

PathNames path_names(std::string_view path) {
  PathNames names;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('/'), path.size());
    if (const auto name = path.substr(0, end); !name.empty() && name != ".") {
      names.push_back(name);
    }
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return names;
}

bool pattern_means(const PathNames& pattern, const PathNames& names) {
  // reached[n]: the part of the pattern so far means the first n names
  std::vector<bool> reached(names.size() + 1, false);
  reached[0] = true;
  for (const std::string_view part : pattern) {
    std::vector<bool> next(names.size() + 1, false);
    for (std::size_t count = 0; count <= names.size(); ++count) {
      if (part == "**") {
        next[count] = reached[count] || (count > 0 && next[count - 1]);
      } else {
        next[count] = count > 0 && reached[count - 1] && name_matches(part, names[count - 1]);
      }
    }
    reached = std::move(next);
  }
  return reached[names.size()];
}

}  // namespace dunnage::model
