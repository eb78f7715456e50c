// SPDX-License-Identifier: Apache-2.0
#include "spec/text.hpp"

#include "spec/letter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {
namespace {

constexpr std::array<std::string_view, 16> kWideSpaces{"\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80",
                                                       "\xe2\x80\x81", "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84",
                                                       "\xe2\x80\x85", "\xe2\x80\x86", "\xe2\x80\x87", "\xe2\x80\x88",
                                                       "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xaf", "\xe3\x80\x80"};
constexpr std::array<std::string_view, 3> kLineSpaces{"\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x81\x9f"};

constexpr bool is_plain_space(char byte) noexcept { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }

template <typename Matches>
std::size_t wide_space(Matches matches) {
  for (const std::string_view space : kWideSpaces) {
    if (matches(space)) {
      return space.size();
    }
  }
  const auto* const found = std::find_if(kLineSpaces.begin(), kLineSpaces.end(), matches);
  return found == kLineSpaces.end() ? 0 : found->size();
}

std::size_t space_at_begin(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text.front()) < 0x80) {
    return !text.empty() && is_plain_space(text.front()) ? 1 : 0;
  }
  return wide_space([&](std::string_view space) { return text.starts_with(space); });
}

std::size_t space_at_end(std::string_view text) {
  if (text.empty() || static_cast<unsigned char>(text.back()) < 0x80) {
    return !text.empty() && is_plain_space(text.back()) ? 1 : 0;
  }
  return wide_space([&](std::string_view space) { return text.ends_with(space); });
}

constexpr bool is_ascii_letter(char byte) noexcept {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

}  // namespace

std::string_view trim_space(std::string_view text) noexcept {
  while (const std::size_t length = space_at_begin(text)) {
    text.remove_prefix(length);
  }
  while (const std::size_t length = space_at_end(text)) {
    text.remove_suffix(length);
  }
  return text;
}

std::size_t length_of_first(std::string_view text) noexcept {
  if (text.empty()) {
    return 0;
  }
  const auto first = static_cast<unsigned char>(text.front());
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 1;
  if (first >= 0xf5 || length > text.size()) {
    return 1;
  }
  const bool whole = std::all_of(text.begin() + 1, text.begin() + static_cast<std::ptrdiff_t>(length),
                                 [](char byte) { return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80; });
  return whole ? length : 1;
}

bool is_one_letter(std::string_view text) noexcept {
  const std::size_t length = length_of_first(text);
  if (length == 0 || length != text.size()) {
    return false;
  }
  if (length == 1) {
    return is_ascii_letter(text.front());
  }
  char32_t point = static_cast<unsigned char>(text.front()) & (0xffU >> (length + 1));
  for (const char byte : text.substr(1)) {
    point = (point << 6U) | (static_cast<unsigned char>(byte) & 0x3fU);
  }
  return is_letter(point);
}

std::string clean(std::string_view path) {
  const bool rooted = path.starts_with('/');
  std::string result;
  result.reserve(path.size() + 1);
  std::size_t kept = 0;  // below this, ".." cannot go: the climbing part of a relative path
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    begin = end + 1;
    if (part.empty() || part == ".") {
      continue;
    }
    const bool climbs = part == "..";
    if (climbs && result.size() > kept) {
      const std::size_t parent = result.rfind('/');
      result.resize(parent == std::string::npos || parent < kept ? kept : parent);
      continue;
    }
    if (climbs && rooted) {
      continue;
    }
    if (rooted || !result.empty()) {
      result += '/';
    }
    result += part;
    if (climbs) {
      kept = result.size();
    }
  }
  return !result.empty() ? result : rooted ? "/" : ".";
}

bool is_root(std::string_view path) {
  if (path.empty() || (path.front() != '/' && path.front() != '\\')) {
    return false;
  }
  if (path.size() > 1 && path.find("..") == std::string_view::npos &&
      path.find_first_not_of("/\\.") != std::string_view::npos) {
    return false;  // the ordinary target, without a copy
  }
  std::string slashed{path};
  std::replace(slashed.begin(), slashed.end(), '\\', '/');
  return clean(slashed) == "/";
}

bool is_absolute(std::string_view path) noexcept { return path.starts_with('/') || path.starts_with('\\'); }

bool is_local(std::string_view path) {
  if (path.empty() || path.front() == '/') {
    return false;
  }
  const std::string short_path = clean(path);
  return short_path != ".." && !short_path.starts_with("../");
}

bool is_windows_path(std::string_view text) noexcept {
  return text.starts_with("\\\\") ||
         (text.size() > 2 && is_ascii_letter(text[0]) && text[1] == ':' && (text[2] == '\\' || text[2] == '/'));
}

std::string absolute(std::string_view base, std::string_view path) {
  if (path.starts_with('/')) {
    return clean(path);
  }
  std::string joined{base};
  joined += '/';
  joined += path;
  return clean(joined);
}

}  // namespace dunnage::spec
