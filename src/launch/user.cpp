// SPDX-License-Identifier: Apache-2.0
#include "launch/user.hpp"

#include <dunnage/error.hpp>

#include "error/nearest.hpp"
#include "launcher/fields.hpp"
#include "prepare/user.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launch {
namespace {

using Fields = std::vector<std::string_view>;

/// A line of an image's file may hold anything; what is no id makes the line no entry.
std::optional<std::uint32_t> id_in(std::string_view text) {
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = result.ec == std::errc{} && result.ptr == text.data() + text.size() && value != UINT32_MAX;
  return whole ? std::optional{value} : std::nullopt;
}

/// The entries of passwd(5) or group(5) that have at least `fields` fields and a number in the third.
std::vector<Fields> entries_of(std::string_view text, std::size_t fields) {
  std::vector<Fields> entries;
  for (const std::string_view line : launcher::fields_of(text, '\n')) {
    Fields parts = launcher::fields_of(line, ':');
    if (parts.size() >= fields && id_in(parts[2])) {
      entries.push_back(std::move(parts));
    }
  }
  return entries;
}

LaunchError unknown(std::string_view what, std::string_view name, std::string_view file,
                    const std::vector<Fields>& entries) {
  std::vector<std::string_view> names;
  for (const Fields& entry : entries) {
    names.push_back(entry[0]);
  }
  const auto close = error::nearest(name, std::span<const std::string_view>{names});
  return LaunchError{
      {.stage = Stage::Launch,
       .operation = fmt::format("use the {}", what),
       .subject = std::string{name},
       .detail = {},
       .cause = fmt::format("{} of the container does not have it", file),
       .code = errc::user_unknown,
       .remedy = close ? fmt::format("did you mean \"{}\"?", *close) : "add it there, or give its number"}};
}

std::uint32_t group_id(std::string_view text, const std::vector<Fields>& groups) {
  if (const auto number = prepare::parse_id(text)) {
    return *number;
  }
  const auto found = std::ranges::find_if(groups, [&](const Fields& entry) { return entry[0] == text; });
  if (found == groups.end()) {
    throw unknown("group", text, "/etc/group", groups);
  }
  return *id_in((*found)[2]);
}

void add_memberships(User& user, std::string_view name, const std::vector<Fields>& groups) {
  for (const Fields& entry : groups) {
    const Fields members = launcher::fields_of(entry[3], ',');
    if (std::ranges::find(members, name) != members.end()) {
      user.groups.push_back(*id_in(entry[2]));
    }
  }
}

}  // namespace

User resolve_user(std::string_view text, const std::vector<std::string>& groups, const Accounts& accounts) {
  const std::vector<Fields> users = entries_of(accounts.passwd, 7);
  const std::vector<Fields> known_groups = entries_of(accounts.group, 4);
  const std::size_t colon = text.find(':');
  const std::string_view name = text.empty() ? std::string_view{"0"} : text.substr(0, colon);
  const auto number = prepare::parse_id(name);
  const auto entry = std::ranges::find_if(
      users, [&](const Fields& fields) { return number ? *id_in(fields[2]) == *number : fields[0] == name; });
  if (entry == users.end() && !number) {
    throw unknown("user", name, "/etc/passwd", users);
  }
  User user;
  user.uid = number ? *number : *id_in((*entry)[2]);
  if (entry != users.end()) {
    user.gid = id_in((*entry)[3]).value_or(0);
    user.home = (*entry)[5].empty() ? "/" : std::string{(*entry)[5]};
  }
  if (colon != std::string_view::npos) {
    user.gid = group_id(text.substr(colon + 1), known_groups);
  } else if (entry != users.end()) {
    add_memberships(user, (*entry)[0], known_groups);
  }
  for (const std::string& group : groups) {
    user.groups.push_back(group_id(group, known_groups));
  }
  std::ranges::sort(user.groups);
  user.groups.erase(std::unique(user.groups.begin(), user.groups.end()), user.groups.end());
  return user;
}

std::string numbers_of(const User& user) { return fmt::format("{}:{}", user.uid, user.gid); }

}  // namespace dunnage::launch
