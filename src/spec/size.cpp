// SPDX-License-Identifier: Apache-2.0
#include "spec/lower.hpp"
#include "spec/value.hpp"

#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::spec {
namespace {

constexpr bool is_digit(char character) noexcept { return character >= '0' && character <= '9'; }

constexpr std::uint64_t power(std::uint64_t base, std::size_t exponent) noexcept {
  std::uint64_t result = 1;
  for (; exponent > 0; --exponent) {
    result *= base;
  }
  return result;
}

/// How many bytes "", "b", "k", "kb", "kib" and so on are, in any case.
std::optional<std::uint64_t> unit_of(std::string_view suffix, unsigned base) noexcept {
  constexpr std::string_view kUnits = "kmgtp";
  if (suffix.empty() || equals_in_any_case(suffix, "b")) {
    return 1;
  }
  const std::size_t unit = kUnits.find(lower_letter(suffix.front()));
  const std::string_view rest = suffix.substr(1);
  if (unit == std::string_view::npos ||
      (!rest.empty() && !equals_in_any_case(rest, "b") && !equals_in_any_case(rest, "ib"))) {
    return std::nullopt;
  }
  return power(base, unit + 1);
}

/// A "_" between two digits is allowed, as in Go.
std::optional<std::string> without_underscores(std::string_view text) {
  std::string plain;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] != '_') {
      plain += text[index];
    } else if (index == 0 || index + 1 == text.size() || !is_digit(text[index - 1]) || !is_digit(text[index + 1])) {
      return std::nullopt;
    }
  }
  return plain;
}

std::optional<std::uint64_t> scale_fraction(std::string_view number, std::uint64_t unit) {
  const bool hexadecimal = number.starts_with("0x") || number.starts_with("0X");
  if (hexadecimal) {
    number.remove_prefix(2);
    if (number.find_first_of("pP") == std::string_view::npos) {
      return std::nullopt;
    }
  }
  if (number.empty() || (!is_digit(number.front()) && number.front() != '.' && !hexadecimal)) {
    return std::nullopt;
  }
  double value = 0;
  const char* const stop = number.data() + number.size();
  const auto [end, fault] =
      std::from_chars(number.data(), stop, value, hexadecimal ? std::chars_format::hex : std::chars_format::general);
  value *= static_cast<double>(unit);
  if (fault != std::errc{} || end != stop || !(value >= 0) || value >= 0x1p63) {
    return std::nullopt;
  }
  return static_cast<std::uint64_t>(value);
}

/// Whole numbers take no way over floating point, which would round the big ones.
std::optional<std::uint64_t> scale(std::string_view number, std::uint64_t unit) {
  std::uint64_t value = 0;
  const char* const stop = number.data() + number.size();
  const auto [end, fault] = std::from_chars(number.data(), stop, value);
  if (end != stop || fault == std::errc::invalid_argument) {
    return scale_fraction(number, unit);
  }
  if (fault != std::errc{} || value > std::numeric_limits<std::uint64_t>::max() / unit) {
    return std::nullopt;
  }
  return value * unit;
}

std::optional<std::uint64_t> scale_plain(std::string_view number, std::uint64_t unit) {
  const auto plain = without_underscores(number);
  return plain ? scale(*plain, unit) : std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text, unsigned base) {
  const std::size_t last = text.find_last_of("0123456789. ");
  if (last == std::string_view::npos) {
    return std::nullopt;
  }
  std::string_view number = text.substr(0, last + 1);
  if (number.ends_with(' ')) {
    number.remove_suffix(1);
  }
  const bool negative = number.starts_with('-');
  if (negative || number.starts_with('+')) {
    number.remove_prefix(1);
  }
  const auto unit = unit_of(text.substr(last + 1), base);
  if (!unit) {
    return std::nullopt;
  }
  const auto size = number.find('_') == std::string_view::npos ? scale(number, *unit) : scale_plain(number, *unit);
  return negative && size != 0 ? std::nullopt : size;  // "-0" is not negative
}

}  // namespace dunnage::spec
