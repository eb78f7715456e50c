// SPDX-License-Identifier: Apache-2.0
#include "volume/metadata.hpp"
#include "volume/metadata_format.hpp"
#include "volume/timestamp.hpp"

#include <fmt/format.h>
#include <boost/crc.hpp>
#include <nlohmann/json.hpp>

#include <map>
#include <utility>

namespace dunnage::volume {

std::string checksum(std::string_view body) {
  boost::crc_32_type crc;
  crc.process_bytes(body.data(), body.size());
  return fmt::format("{:08x}", crc.checksum());
}

namespace {

using Json = nlohmann::ordered_json;

Json pairs_of(const std::map<std::string, std::string>& map) {
  Json json = Json::object();
  for (const auto& [key, value] : map) {
    json[key] = value;
  }
  return json;
}

/// Gives a member a value, or takes it away.
template <typename Value>
void put_if(Json& json, std::string_view member, bool wanted, Value&& value) {
  if (wanted) {
    json[std::string{member}] = std::forward<Value>(value);
  } else {
    json.erase(std::string{member});
  }
}

void put_changeable(Json& json, const VolumeInfo& volume) {
  json["labels"] = pairs_of(volume.labels);
  put_if(json, "options", !volume.driver_options.empty(), pairs_of(volume.driver_options));
  json["anonymous"] = volume.anonymous;
  json["owner"] = volume.owner;
  put_if(json, kProtected, volume.is_protected, true);
  const bool limited = volume.limit_way != LimitWay::None;
  json["version"] = limited ? kVersion : 1;
  put_if(json, kLimit, limited,
         Json{{"size", volume.limit.size},
              {"inodes", volume.limit.inodes},
              {"way", std::string{to_string(volume.limit_way)}}});
  put_if(json, kAccess, volume.access != AccessMode::Shared, to_string(volume.access));
}

std::optional<std::string> text_of(const Json& json) {
  std::string body;
  try {
    body = json.dump().substr(1) + "\n";  // its brace is in the first line
  } catch (const Json::type_error&) {     // not UTF-8
    return std::nullopt;
  }
  if (body.size() > kMaxMetadataBytes - kFirstLine) {
    return std::nullopt;
  }
  return with_checksum(body);
}

}  // namespace

std::string with_checksum(std::string_view body) { return fmt::format("{}{}{}{}", kHead, checksum(body), kTail, body); }

std::optional<std::string> encode_metadata(const VolumeInfo& volume) {
  Json json;
  json["version"] = 1;  // and the first member
  json["name"] = volume.name;
  json["created_at"] = format_time(volume.created_at, Precision::Nanoseconds);
  put_changeable(json, volume);
  return text_of(json);
}

std::optional<std::string> encode_changed_metadata(std::string_view previous, const VolumeInfo& volume) {
  Json json = Json::parse(previous, nullptr, false);
  if (!json.is_object()) {
    return std::nullopt;
  }
  json.erase("checksum");
  json["name"] = volume.name;
  put_changeable(json, volume);
  return text_of(json);
}

}  // namespace dunnage::volume
