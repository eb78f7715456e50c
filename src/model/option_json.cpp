// SPDX-License-Identifier: Apache-2.0
#include "model/option_json.hpp"

#include "model/json_text.hpp"
#include "model/words.hpp"

#include <algorithm>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::model {
namespace {

Json ranges_to_value(const std::vector<IdRange>& ranges) {
  Json array = Json::array();
  for (const IdRange& range : ranges) {
    array.push_back({{"Inside", range.inside}, {"Outside", range.outside}, {"Count", range.count}});
  }
  return array;
}

std::vector<IdRange> ranges_from(const Json& value) {
  std::vector<IdRange> ranges;
  for (const Json& range : value) {
    ranges.push_back({.inside = number_from<std::uint32_t>(range.at("Inside")),
                      .outside = number_from<std::uint32_t>(range.at("Outside")),
                      .count = number_from<std::uint32_t>(range.at("Count"))});
  }
  return ranges;
}

}  // namespace

Json to_value(const Ownership& ownership) {
  switch (ownership.kind()) {
    case Ownership::Kind::AsIs:
      return {{"Kind", "as-is"}};
    case Ownership::Kind::MatchUser:
      return {{"Kind", "match-user"}};
    case Ownership::Kind::As:
      return {{"Kind", "as"}, {"Uid", ownership.uid()}, {"Gid", ownership.gid()}};
    case Ownership::Kind::Map:
      break;
  }
  return {
      {"Kind", "map"}, {"Users", ranges_to_value(ownership.users())}, {"Groups", ranges_to_value(ownership.groups())}};
}

Ownership ownership_from(const Json& value) {
  const auto kind = value.at("Kind").get<std::string>();
  if (kind == "as-is") {
    return Ownership::as_is();
  }
  if (kind == "match-user") {
    return Ownership::match_user();
  }
  if (kind == "as") {
    return Ownership::as(number_from<std::uint32_t>(value.at("Uid")), number_from<std::uint32_t>(value.at("Gid")));
  }
  if (kind == "map") {
    return Ownership::map(ranges_from(value.at("Users")), ranges_from(value.at("Groups")));
  }
  throw std::invalid_argument{"unknown ownership \"" + kind + "\""};
}

Json to_value(const OverlayOptions& overlay) {
  return {{"Upper", to_json_text(overlay.upper.string())},
          {"Work", to_json_text(overlay.work.string())},
          {"SizeBytes", overlay.size}};
}

OverlayOptions overlay_from(const Json& value) {
  return {.upper = from_json_text(value.at("Upper")),
          .work = from_json_text(value.at("Work")),
          .size = number_from<std::uint64_t>(value.at("SizeBytes"))};
}

Json to_value(const SourceLoss& loss) {
  return {{"Policy", to_string(loss.policy)}, {"Interval", loss.interval.count()}, {"Timeout", loss.timeout.count()}};
}

SourceLoss source_loss_from(const Json& value) {
  const auto policy = loss_policy_named(value.at("Policy").get<std::string>());
  if (!policy) {
    throw std::invalid_argument{"unknown policy of a loss"};
  }
  return {.policy = *policy,
          .interval = std::chrono::milliseconds{number_from<std::uint32_t>(value.at("Interval"))},
          .timeout = std::chrono::milliseconds{number_from<std::uint32_t>(value.at("Timeout"))}};
}

Json pairs_to_value(const std::map<std::string, std::string>& pairs) {
  Json value = Json::array();
  for (const auto& [key, text] : pairs) {
    value.push_back({{"Key", to_json_text(key)}, {"Value", to_json_text(text)}});
  }
  return value;
}

std::map<std::string, std::string> pairs_from(const Json& value) {
  std::map<std::string, std::string> pairs;
  for (const Json& pair : value) {
    pairs.emplace(from_json_text(pair.at("Key")), from_json_text(pair.at("Value")));
  }
  return pairs;
}

Json texts_to_value(const std::vector<std::string>& texts) {
  Json value = Json::array();
  std::transform(texts.begin(), texts.end(), std::back_inserter(value),
                 [](const std::string& text) { return to_json_text(text); });
  return value;
}

std::vector<std::string> texts_from(const Json& value) {
  std::vector<std::string> texts;
  std::transform(value.begin(), value.end(), std::back_inserter(texts),
                 [](const Json& text) { return from_json_text(text); });
  return texts;
}

}  // namespace dunnage::model
