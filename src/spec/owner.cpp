// SPDX-License-Identifier: Apache-2.0
#include "spec/value.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::spec {
namespace {

constexpr std::uint64_t kGreatest = std::numeric_limits<std::uint32_t>::max();

std::optional<std::uint32_t> parse_id(std::string_view text) noexcept {
  const auto number = parse_number(text, 10, kGreatest);
  return number ? std::optional{static_cast<std::uint32_t>(*number)} : std::nullopt;
}

std::optional<IdRange> parse_range(std::string_view text) noexcept {
  const std::size_t equals = text.find('=');
  const std::size_t plus = text.find('+');
  if (equals == std::string_view::npos || plus == std::string_view::npos || plus < equals) {
    return std::nullopt;
  }
  const auto inside = parse_id(text.substr(0, equals));
  const auto outside = parse_id(text.substr(equals + 1, plus - equals - 1));
  const auto count = parse_id(text.substr(plus + 1));
  if (!inside || !outside || !count) {
    return std::nullopt;
  }
  return IdRange{.inside = *inside, .outside = *outside, .count = *count};
}

std::optional<std::vector<IdRange>> parse_ranges(std::string_view text) {
  std::vector<IdRange> ranges;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const auto range = parse_range(text.substr(0, comma));
    if (!range) {
      return std::nullopt;
    }
    ranges.push_back(*range);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return ranges;
}

std::optional<Ownership> parse_map(std::string_view text) {
  constexpr std::string_view kUsers = "users ";
  constexpr std::string_view kGroups = " groups ";
  const std::size_t groups = text.find(kGroups);
  if (!text.starts_with(kUsers) || groups == std::string_view::npos || groups < kUsers.size()) {
    return std::nullopt;
  }
  auto users = parse_ranges(text.substr(kUsers.size(), groups - kUsers.size()));
  auto ids = parse_ranges(text.substr(groups + kGroups.size()));
  if (!users || !ids) {
    return std::nullopt;
  }
  return Ownership::map(*std::move(users), *std::move(ids));
}

std::optional<IdRange> parse_triple(std::string_view text) noexcept {
  const std::size_t first = text.find('-');
  const std::size_t second = text.rfind('-');
  if (!text.starts_with('@') || first == second) {
    return std::nullopt;
  }
  const auto outside = parse_id(text.substr(1, first - 1));
  const auto inside = parse_id(text.substr(first + 1, second - first - 1));
  const auto count = parse_id(text.substr(second + 1));
  if (!outside || !inside || !count) {
    return std::nullopt;
  }
  return IdRange{.inside = *inside, .outside = *outside, .count = *count};
}

/// The triples behind the key; none if there is something wrong with one.
std::vector<IdRange> parse_triples(std::string_view word, std::string_view key) {
  std::vector<IdRange> ranges;
  const std::size_t begin = word.find(key);
  std::string_view text = begin == std::string_view::npos ? std::string_view{} : word.substr(begin + key.size());
  text = text.substr(0, text.find(';'));
  while (!text.empty()) {
    const std::size_t hash = std::min(text.find('#'), text.size());
    const auto range = parse_triple(text.substr(0, hash));
    if (!range) {
      return {};
    }
    ranges.push_back(*range);
    text.remove_prefix(std::min(hash + 1, text.size()));
  }
  return ranges;
}

}  // namespace

std::optional<Ownership> parse_id_map(std::string_view word) {
  auto users = parse_triples(word, "uids=");
  auto groups = parse_triples(word, "gids=");
  if (users.empty() || groups.empty()) {
    return std::nullopt;
  }
  return Ownership::map(std::move(users), std::move(groups));
}

std::optional<Ownership> parse_owner(std::string_view text) {
  if (text == "as-is") {
    return Ownership::as_is();
  }
  if (text == "match-user") {
    return Ownership::match_user();
  }
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return parse_map(text);
  }
  const auto uid = parse_id(text.substr(0, colon));
  const auto gid = parse_id(text.substr(colon + 1));
  return uid && gid ? std::optional{Ownership::as(*uid, *gid)} : std::nullopt;
}

}  // namespace dunnage::spec
