// SPDX-License-Identifier: Apache-2.0
#include <dunnage/ownership.hpp>

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

std::string list_of(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text += fmt::format("{}{}={}+{}", text.empty() ? "" : ",", range.inside, range.outside, range.count);
  }
  return text;
}

}  // namespace

Ownership Ownership::as(std::uint32_t uid, std::uint32_t gid) {
  Ownership ownership{Kind::As};
  ownership.uid_ = uid;
  ownership.gid_ = gid;
  return ownership;
}

Ownership Ownership::map(std::vector<IdRange> users, std::vector<IdRange> groups) {
  Ownership ownership{Kind::Map};
  ownership.users_ = std::move(users);
  ownership.groups_ = std::move(groups);
  return ownership;
}

std::string to_string(const Ownership& ownership) {
  switch (ownership.kind()) {
    case Ownership::Kind::AsIs:
      return "as-is";
    case Ownership::Kind::MatchUser:
      return "match-user";
    case Ownership::Kind::As:
      return fmt::format("{}:{}", ownership.uid(), ownership.gid());
    case Ownership::Kind::Map:
      break;
  }
  return fmt::format("users {} groups {}", list_of(ownership.users()), list_of(ownership.groups()));
}

}  // namespace dunnage
