// SPDX-License-Identifier: Apache-2.0
#include "labels.hpp"

#include <optional>
#include <stdexcept>
#include <utility>

namespace cli {
namespace {

std::pair<std::string, std::optional<std::string>> key_and_value(const std::string& text) {
  const auto equals = text.find('=');
  if (equals == std::string::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

bool parse_bool(const std::string& text) {
  if (text == "true" || text == "1") return true;
  if (text == "false" || text == "0") return false;
  throw std::invalid_argument{"filter \"dangling=" + text + "\" makes no sense; write dangling=true or dangling=false"};
}

}  // namespace

dunnage::Labels parse_labels(const std::vector<std::string>& texts) {
  dunnage::Labels labels;
  for (const auto& text : texts) {
    auto [key, value] = key_and_value(text);
    if (key.empty()) throw std::invalid_argument{"label \"" + text + "\" has no key; write KEY=VALUE"};
    labels[key] = value.value_or("");
  }
  return labels;
}

std::string joined(const dunnage::Labels& labels) {
  std::string text;
  for (const auto& [key, value] : labels) {
    if (!text.empty()) text += ',';
    text += key + '=' + value;
  }
  return text;
}

dunnage::VolumeFilter parse_filters(const std::vector<std::string>& texts) {
  dunnage::VolumeFilter filter;
  for (const auto& text : texts) {
    const auto [name, value] = key_and_value(text);
    if (name == "label" && value && !value->empty()) {
      filter.labels.push_back(key_and_value(*value));
    } else if (name == "dangling" && value) {
      filter.in_use = !parse_bool(*value);
    } else {
      throw std::invalid_argument{"filter \"" + text + "\" is unknown; write label=KEY[=VALUE] or dangling=true|false"};
    }
  }
  return filter;
}

}  // namespace cli
