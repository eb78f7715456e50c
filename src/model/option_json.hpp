// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Options that both a mount and a resolved mount have, as JSON and back. Docker has no names for most of them.

#include <dunnage/bind_mount.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/ownership.hpp>
#include <dunnage/volume.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <limits>
#include <stdexcept>

namespace dunnage::model {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_value(const Ownership& ownership);
[[nodiscard]] Json to_value(const OverlayOptions& overlay);
[[nodiscard]] Json to_value(const SourceLoss& loss);
/// An array of objects with Key and Value: a key may be no Unicode.
[[nodiscard]] Json pairs_to_value(const std::map<std::string, std::string>& pairs);
[[nodiscard]] Json texts_to_value(const std::vector<std::string>& texts);

/// The ways back throw nlohmann::json::exception or std::invalid_argument.
[[nodiscard]] Ownership ownership_from(const Json& value);
[[nodiscard]] OverlayOptions overlay_from(const Json& value);
[[nodiscard]] SourceLoss source_loss_from(const Json& value);
[[nodiscard]] std::map<std::string, std::string> pairs_from(const Json& value);
[[nodiscard]] std::vector<std::string> texts_from(const Json& value);

/// Unlike get<unsigned>(), which would take a negative number or a fraction and cut it.
template <typename Number>
[[nodiscard]] Number number_from(const Json& value) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > std::numeric_limits<Number>::max()) {
    throw std::invalid_argument{"a number is out of range"};
  }
  return value.get<Number>();
}

/// What BindOptions, VolumeMountOptions and ResolvedMount have in common, as far as it is not the default.
template <typename Options>
void add_options(Json& json, const Options& options) {
  if (options.owner != Ownership{}) {
    json["Owner"] = to_value(options.owner);
  }
  if (options.chown) {
    json["Chown"] = true;
  }
  if (options.relabel != Relabel::None) {
    json["Relabel"] = to_string(options.relabel);
  }
  if (!options.exclude.empty()) {
    json["Exclude"] = texts_to_value(options.exclude);
  }
  if (options.overlay) {
    json["Overlay"] = to_value(*options.overlay);
  }
  if (options.on_loss != SourceLoss{}) {
    json["OnLoss"] = to_value(options.on_loss);
  }
}

}  // namespace dunnage::model
