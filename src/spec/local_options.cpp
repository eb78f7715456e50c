// SPDX-License-Identifier: Apache-2.0
#include "spec/local_options.hpp"

#include "error/nearest.hpp"
#include "spec/flag.hpp"
#include "spec/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::spec {
namespace {

using Options = std::map<std::string, std::string>;

constexpr std::array<std::string_view, 4> kLocalKeys{"type", "o", "device", "size"};

void check_keys(const Input& input, const Options& options, SpecStage stage) {
  for (const auto& [key, value] : options) {
    if (std::find(kLocalKeys.begin(), kLocalKeys.end(), key) == kLocalKeys.end()) {
      const auto near = error::nearest(key, kLocalKeys);
      input.refuse(find_span(input, key),
                   {SpecCode::UnknownOption, stage, fmt::format("invalid option: \"{}\"", shown(key))},
                   fmt::format("the driver \"local\" has no option \"{}\"", shown(key)),
                   near ? fmt::format("did you mean \"{}\"?", *near) : "use \"type\", \"device\", \"o\" or \"size\"");
    }
  }
}

/// The part of `//user@host:port/share` between the slashes.
std::string_view authority_of(std::string_view device) noexcept {
  const std::size_t scheme = device.find("//");
  if (scheme == std::string_view::npos) {
    return {};
  }
  device.remove_prefix(scheme + 2);
  device = device.substr(0, device.find_first_of("/?#"));
  return device.substr(device.rfind('@') + 1);  // without an "@", from the beginning
}

void check_cifs(const Input& input, const Options& options, SpecStage stage) {
  const auto type = options.find("type");
  const auto device = options.find("device");
  if (type == options.end() || device == options.end() || type->second != "cifs") {
    return;
  }
  const std::string_view authority = authority_of(device->second);
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  if (colon == std::string_view::npos) {
    return;
  }
  const std::string_view port = authority.substr(colon + 1);
  if (port.find_first_not_of("0123456789") != std::string_view::npos) {
    input.refuse(find_span(input, device->second), {SpecCode::BadUrl, stage, "error parsing mount device url"},
                 "the device is not a URL", "write \"//host/share\"");
  }
  if (!port.empty()) {
    input.refuse(find_span(input, device->second),
                 {SpecCode::CifsPort, stage, "port not allowed in CIFS device URL, include 'port' in 'o='"},
                 "the device of a CIFS share has a port", fmt::format("write \"port={}\" in the option \"o\"", port));
  }
}

void check_size(const Input& input, const Options& options, const Rules& rules, SpecStage stage) {
  const auto size = options.find("size");
  if (size == options.end()) {
    return;
  }
  const auto bytes = parse_size(size->second);
  if (!bytes) {
    input.refuse(find_span(input, size->second),
                 {SpecCode::BadSize, stage, fmt::format("invalid size: '{}'", shown(size->second))},
                 fmt::format("\"{}\" is not a size", shown(size->second)),
                 "write bytes, or a number with k, m, g or t, like \"64m\"");
  }
  if (*bytes > 0 && !rules.host.context().project_quota) {
    input.refuse(find_span(input, size->second),
                 {SpecCode::NoQuota, stage, "quota size requested but no quota support"},
                 "the file system of the volumes has no project quotas",
                 "leave \"size\" out, or keep the volumes on XFS mounted with \"pquota\"", errc::not_supported);
  }
}

void check_presence(const Input& input, const Options& options, SpecStage stage) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kNeeds{
      {{"device", "type"}, {"type", "device"}, {"o", "device"}, {"o", "type"}}};
  for (const auto& [key, needed] : kNeeds) {
    if (options.contains(std::string{key}) && !options.contains(std::string{needed})) {
      input.refuse(find_span(input, key),
                   {SpecCode::MissingOption, stage, fmt::format("missing required option: \"{}\"", needed)},
                   fmt::format("\"{}\" means nothing without \"{}\"", key, needed), fmt::format("add \"{}=\"", needed));
    }
  }
}

}  // namespace

void check_local_options(const Input& input, const Options& options, const Rules& rules, SpecStage stage) {
  check_keys(input, options, stage);
  check_cifs(input, options, stage);
  check_size(input, options, rules, stage);
  check_presence(input, options, stage);
}

}  // namespace dunnage::spec
