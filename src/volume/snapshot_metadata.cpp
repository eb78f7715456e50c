// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshot_metadata.hpp"

#include "model/json_text.hpp"
#include "model/words.hpp"
#include "volume/metadata.hpp"
#include "volume/timestamp.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <array>
#include <cstdint>
#include <utility>

namespace dunnage::volume {
namespace {

using SnapshotJson = nlohmann::ordered_json;

constexpr int kSnapshotVersion = 1;

constexpr std::array kWays{SnapshotWay::Subvolume, SnapshotWay::Reflink, SnapshotWay::Copy, SnapshotWay::Rename};
constexpr std::array kConsistencies{SnapshotConsistency::Idle, SnapshotConsistency::Frozen, SnapshotConsistency::Crash,
                                    SnapshotConsistency::Unordered};

SnapshotJson body_of(std::string_view text) { return SnapshotJson::parse(fmt::format("{{{}", text), nullptr, false); }

bool take_text(const SnapshotJson& json, const char* key, std::string& value) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_string()) {
    return false;
  }
  value = found->get<std::string>();
  return true;
}

bool take_number(const SnapshotJson& json, const char* key, std::uint64_t& value) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_unsigned()) {
    return false;
  }
  value = found->get<std::uint64_t>();
  return true;
}

bool take_labels(const SnapshotJson& json, Labels& labels) {
  const auto found = json.find("labels");
  if (found == json.end() || !found->is_object()) {
    return false;
  }
  labels.clear();
  for (const auto& [key, value] : found->items()) {
    if (!value.is_string()) {
      return false;
    }
    labels.insert_or_assign(key, value.get<std::string>());
  }
  return true;
}

/// The value of an enumeration that is called so.
template <typename Values, typename Value>
bool take_word(const SnapshotJson& json, const char* key, const Values& values, Value& value) {
  std::string word;
  if (!take_text(json, key, word)) {
    return false;
  }
  for (const Value each : values) {
    if (to_string(each) == word) {
      value = each;
      return true;
    }
  }
  return false;
}

bool take_all(const SnapshotJson& json, VolumeSnapshot& snapshot) {
  std::string time;
  if (!take_text(json, "snapshot", snapshot.name) || !take_text(json, "created_at", time) ||
      !take_labels(json, snapshot.labels) || !take_word(json, "way", kWays, snapshot.way) ||
      !take_word(json, "consistency", kConsistencies, snapshot.consistency) ||
      !take_number(json, "entries", snapshot.entries) || !take_number(json, "bytes", snapshot.bytes) ||
      !take_number(json, "copied", snapshot.copied)) {
    return false;
  }
  const auto created_at = parse_time(time);
  snapshot.created_at = created_at.value_or(TimePoint{});
  return created_at.has_value();
}

/// \return false if it says what nobody knows
bool take_limit(const SnapshotJson& json, VolumeSnapshot& snapshot, bool& says_limit) {
  const auto limit = json.find("limit");
  says_limit = limit != json.end();
  if (!says_limit) {
    return true;
  }
  std::string word;
  if (!limit->is_object() || !take_text(*limit, "way", word) || !take_number(*limit, "size", snapshot.limit.size) ||
      !take_number(*limit, "inodes", snapshot.limit.inodes)) {
    return false;
  }
  const auto way = model::limit_way_named(word);
  snapshot.limit_way = way.value_or(LimitWay::None);
  return way.has_value();
}

std::int64_t version_of(const SnapshotJson& json) {
  const auto found = json.is_object() ? json.find("version") : json.end();
  return json.is_object() && found != json.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

}  // namespace

std::optional<std::string> encode_snapshot(const VolumeSnapshot& snapshot) {
  SnapshotJson json;
  json["version"] = kSnapshotVersion;
  json["snapshot"] = snapshot.name;
  json["created_at"] = format_time(snapshot.created_at, Precision::Nanoseconds);
  json["labels"] = SnapshotJson::object();
  for (const auto& [key, value] : snapshot.labels) {
    json["labels"][key] = value;
  }
  json["way"] = to_string(snapshot.way);
  json["consistency"] = to_string(snapshot.consistency);
  json["entries"] = snapshot.entries;
  json["bytes"] = snapshot.bytes;
  json["copied"] = snapshot.copied;
  json["limit"] = {{"size", snapshot.limit.size},
                   {"inodes", snapshot.limit.inodes},
                   {"way", std::string{to_string(snapshot.limit_way)}}};
  try {
    std::string text = with_checksum(json.dump().substr(1) + "\n");  // its brace is in the first line
    return text.size() > kMaxMetadataBytes ? std::nullopt : std::optional{std::move(text)};
  } catch (const SnapshotJson::type_error&) {  // not UTF-8
    return std::nullopt;
  }
}

std::optional<std::string> decode_snapshot(std::string_view text, std::string_view name, VolumeSnapshot& snapshot,
                                           bool& says_limit) {
  if (auto damage = checksum_fault(text)) {
    return damage;
  }
  const SnapshotJson json = body_of(without_checksum(text));
  if (!json.is_object()) {
    return "it is not a record of a snapshot";
  }
  if (version_of(json) > kSnapshotVersion) {
    return fmt::format("it has format {}, this library reads {}", version_of(json), kSnapshotVersion);
  }
  if (!take_all(json, snapshot)) {
    return "members are missing";
  }
  if (!take_limit(json, snapshot, says_limit)) {
    return "what it says of its limit is not known to this library";
  }
  if (snapshot.name != name) {
    return fmt::format("it belongs to snapshot \"{}\"", snapshot.name);
  }
  return std::nullopt;
}

bool is_newer_snapshot(std::string_view text) {
  return !checksum_fault(text) && version_of(body_of(without_checksum(text))) > kSnapshotVersion;
}

}  // namespace dunnage::volume

namespace dunnage {

std::string_view to_string(SnapshotWay way) noexcept {
  switch (way) {
    case SnapshotWay::Subvolume:
      return "subvolume";
    case SnapshotWay::Reflink:
      return "reflink";
    case SnapshotWay::Rename:
      return "rename";
    case SnapshotWay::Copy:
      break;
  }
  return "copy";
}

std::string_view to_string(SnapshotConsistency consistency) noexcept {
  switch (consistency) {
    case SnapshotConsistency::Idle:
      return "idle";
    case SnapshotConsistency::Frozen:
      return "frozen";
    case SnapshotConsistency::Crash:
      return "crash";
    case SnapshotConsistency::Unordered:
      break;
  }
  return "unordered";
}

std::string_view to_string(SnapshotChange::Kind kind) noexcept {
  switch (kind) {
    case SnapshotChange::Kind::Added:
      return "added";
    case SnapshotChange::Kind::Deleted:
      return "deleted";
    case SnapshotChange::Kind::Modified:
      return "modified";
    case SnapshotChange::Kind::Metadata:
      return "metadata";
    case SnapshotChange::Kind::Replaced:
      break;
  }
  return "replaced";
}

std::string to_json(const VolumeSnapshot& snapshot) {
  nlohmann::ordered_json labels = nlohmann::ordered_json::object();
  for (const auto& [key, value] : snapshot.labels) {
    labels[key] = value;
  }
  nlohmann::ordered_json json{
      {"Volume", snapshot.volume},
      {"Name", snapshot.name},
      {"CreatedAt", volume::format_time(snapshot.created_at, volume::Precision::Seconds)},
      {"Labels", labels},
      {"Way", to_string(snapshot.way)},
      {"Consistency", to_string(snapshot.consistency)},
      {"Entries", snapshot.entries},
      {"Bytes", snapshot.bytes},
      {"Copied", snapshot.copied},
      {"Mountpoint", model::to_json_text(snapshot.mountpoint.native())},
      {"Limit", nullptr},
  };
  if (snapshot.limit_way != LimitWay::None) {
    json["Limit"] = {
        {"Size", snapshot.limit.size}, {"Inodes", snapshot.limit.inodes}, {"Way", to_string(snapshot.limit_way)}};
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
