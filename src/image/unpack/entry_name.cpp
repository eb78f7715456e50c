// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/entry_name.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>

namespace dunnage::image {
namespace {

constexpr std::size_t kLongestName = 4095;
constexpr std::size_t kLongestComponent = 255;
constexpr std::string_view kMetadata = ".wh..wh.";
constexpr std::string_view kOpaque = ".wh..wh..opq";

Fault too_deep(std::string_view name, const ImageLimits& limits) {
  return Fault{errc::limit_exceeded, fmt::format("\"{}\" is more than {} directories deep", shown(name), limits.depth),
               "raise ImageLimits::depth if it can be trusted"};
}

Fault too_long(std::string_view name) {
  return Fault{errc::limit_exceeded, fmt::format("\"{}\" is longer than a file system takes", shown(name)),
               "make the image with shorter names"};
}

/// Takes the next component off `rest`.
std::string_view next_component(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/'), rest.size());
  const std::string_view component = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return component;
}

}  // namespace

std::string shown(std::string_view name) {
  constexpr std::size_t kShown = 200;
  return error::printable(name.substr(0, kShown)) + (name.size() > kShown ? "…" : "");
}

std::string checked_name(std::string_view name, const ImageLimits& limits) {
  if (name.empty()) {
    throw malformed("it has an entry without a name");
  }
  std::string checked;
  checked.reserve(std::min(name.size(), kLongestName));
  unsigned depth = 0;
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view component = next_component(rest);
    if (component.empty() || component == ".") {
      continue;
    }
    if (component == "..") {
      throw malformed(fmt::format("\"{}\" leads upwards", shown(name)));
    }
    if (++depth > limits.depth) {
      throw too_deep(name, limits);
    }
    if (component.size() > kLongestComponent || checked.size() + 1 + component.size() > kLongestName) {
      throw too_long(name);
    }
    checked.append(checked.empty() ? "" : "/").append(component);
  }
  return checked;
}

SplitName split_name(std::string_view name) noexcept {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? SplitName{{}, name}
                                         : SplitName{name.substr(0, slash), name.substr(slash + 1)};
}

std::string join_name(std::string_view directory, std::string_view leaf) {
  std::string name{directory};
  name.append(directory.empty() ? "" : "/").append(leaf);
  return name;
}

NameRole role_of(std::string_view name) {
  if (!name.starts_with(kWhiteout) && name.find("/.wh.") == std::string_view::npos) {
    return NameRole::Plain;
  }
  for (std::string_view rest = name; !rest.empty();) {
    const std::string_view component = next_component(rest);
    if (!component.starts_with(kWhiteout)) {
      continue;
    }
    if (component == kOpaque && rest.empty()) {
      return NameRole::Opaque;
    }
    if (component.starts_with(kMetadata) && component != kOpaque) {
      return NameRole::Forgotten;
    }
    const std::string_view hidden = component.substr(kWhiteout.size());
    if (!rest.empty() || hidden.empty() || hidden == "." || hidden == "..") {
      throw malformed(fmt::format("\"{}\" is not a whiteout", shown(name)));
    }
    return NameRole::Whiteout;
  }
  return NameRole::Plain;
}

}  // namespace dunnage::image
