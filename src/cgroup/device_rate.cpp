// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/resources.hpp>

#include "spec/value.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace dunnage {
namespace {

LaunchError rate_error(std::string_view text, const char* example) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "limit container",
                      .subject = {},
                      .detail = {},
                      .cause = fmt::format("\"{}\" is no rate of a device", text),
                      .code = errc::invalid_argument,
                      .remedy = fmt::format("write it as \"{}\"", example)}};
}

std::optional<std::uint64_t> count_in(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), count);
  return code == std::errc{} && end == text.data() + text.size() ? std::optional{count} : std::nullopt;
}

template <typename Parse>
DeviceRate parse_rate(std::string_view text, const char* example, Parse parse) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !text.starts_with('/')) {
    throw rate_error(text, example);
  }
  const std::optional<std::uint64_t> rate = parse(text.substr(colon + 1));
  if (!rate) {
    throw rate_error(text, example);
  }
  return {std::string{text.substr(0, colon)}, *rate};
}

}  // namespace

DeviceRate DeviceRate::parse_bytes(std::string_view text) {
  return parse_rate(text, "/dev/sda:10mb", [](std::string_view rate) { return spec::parse_size(rate); });
}

DeviceRate DeviceRate::parse_operations(std::string_view text) { return parse_rate(text, "/dev/sda:1000", count_in); }

}  // namespace dunnage
