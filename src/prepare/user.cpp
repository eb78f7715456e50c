// SPDX-License-Identifier: Apache-2.0
#include "prepare/user.hpp"

#include <dunnage/error.hpp>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::prepare {
namespace {

LaunchError bad_id(std::string_view text) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "use the id",
                      .subject = std::string{text},
                      .detail = {},
                      .cause = {},
                      .code = errc::invalid_argument,
                      .remedy = "give a number from 0 to 4294967294"}};
}

}  // namespace

std::optional<std::uint32_t> parse_id(std::string_view text) {
  const bool sign = !text.empty() && (text.front() == '-' || text.front() == '+');
  const std::string_view digits = sign ? text.substr(1) : text;
  const bool number = !digits.empty() && std::ranges::all_of(digits, [](char c) { return c >= '0' && c <= '9'; });
  if (!number) {
    return std::nullopt;
  }
  std::uint32_t value = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), value);
  if (sign || result.ec != std::errc{} || value == std::numeric_limits<std::uint32_t>::max()) {
    throw bad_id(text);
  }
  return value;
}

Ids parse_ids(std::string_view text) {
  Ids ids;
  if (text.empty()) {
    return ids;
  }
  const std::size_t colon = text.find(':');
  const auto uid = parse_id(text.substr(0, colon));
  const auto gid = colon == std::string_view::npos ? std::optional<std::uint32_t>{0} : parse_id(text.substr(colon + 1));
  if (!uid || !gid) {
    throw bad_id(text);
  }
  return {*uid, *gid};
}

}  // namespace dunnage::prepare
