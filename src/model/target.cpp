// SPDX-License-Identifier: Apache-2.0
#include "model/target.hpp"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::model {

std::optional<TargetFault> fault_of_target(std::string_view text) {
  if (text.empty()) {
    return TargetFault{"the target is empty", "give an absolute path in the container"};
  }
  if (text.find('\0') != std::string_view::npos || text.find('\n') != std::string_view::npos) {
    return TargetFault{"the target holds a NUL or a line feed", "give a path without control characters"};
  }
  if (text.size() >= PATH_MAX) {
    return TargetFault{"the target is longer than a path may be", "give a path of at most 4095 bytes"};
  }
  if (text.front() != '/') {
    return TargetFault{"the target is not an absolute path", "begin it with \"/\""};
  }
  if (clean_path(text) == "/") {
    return TargetFault{"the target is the root of the container", "choose a directory below \"/\", or another rootfs"};
  }
  return std::nullopt;
}

std::string clean_path(std::string_view text) {
  std::string clean;
  clean.reserve(text.size() + 1);
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view component = text.substr(begin, end - begin);
    if (component == "..") {
      const std::size_t parent = clean.rfind('/');
      clean.resize(parent == std::string::npos ? 0 : parent);
    } else if (!component.empty() && component != ".") {
      clean += '/';
      clean += component;
    }
    begin = end + 1;
  }
  return clean.empty() ? "/" : clean;
}

bool is_at_or_below(std::string_view path, std::string_view parent) noexcept {
  if (parent == "/") {
    return true;
  }
  return path.substr(0, parent.size()) == parent && (path.size() == parent.size() || path[parent.size()] == '/');
}

}  // namespace dunnage::model
