// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume.hpp>

#include "model/json_text.hpp"
#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <utility>

namespace dunnage {

Volume::Volume(VolumeInfo info) : info_{std::move(info)} {}

VolumeMount Volume::at(std::string target, VolumeMountOptions options) const {
  // <store>/volumes/<name>/_data
  std::filesystem::path store = mountpoint().parent_path().parent_path().parent_path();
  return {.name = name(), .target = std::move(target), .options = std::move(options), .store = std::move(store)};
}

std::string to_json(const VolumeInfo& volume) {
  nlohmann::ordered_json labels = nlohmann::ordered_json::object();
  for (const auto& [key, value] : volume.labels) {
    labels[key] = value;
  }
  const nlohmann::ordered_json json{
      {"CreatedAt", volume::format_time(volume.created_at, volume::Precision::Seconds)},
      {"Driver", "local"},
      {"Labels", std::move(labels)},
      {"Mountpoint", model::to_json_text(volume.mountpoint.native())},
      {"Name", volume.name},
      {"Options", nullptr},
      {"Scope", "local"},
  };
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
