// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume.hpp>

#include "model/json_text.hpp"
#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <string>
#include <utility>

namespace dunnage {
namespace {

nlohmann::ordered_json object_of(const std::map<std::string, std::string>& pairs) {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [key, value] : pairs) {
    object[key] = value;
  }
  return object;
}

}  // namespace

Volume::Volume(VolumeInfo info) : info_{std::move(info)} {}

VolumeMount Volume::at(std::string target, VolumeMountOptions options) const {
  // <store>/volumes/<name>/_data
  std::filesystem::path store = mountpoint().parent_path().parent_path().parent_path();
  return {.name = name(), .target = std::move(target), .options = std::move(options), .store = std::move(store)};
}

std::string to_json(const VolumeInfo& volume) {
  const nlohmann::ordered_json json{
      {"CreatedAt", volume::format_time(volume.created_at, volume::Precision::Seconds)},
      {"Driver", volume.driver},
      {"Labels", object_of(volume.labels)},
      {"Mountpoint", model::to_json_text(volume.mountpoint.native())},
      {"Name", volume.name},
      {"Options", volume.driver_options.empty() ? nlohmann::ordered_json(nullptr) : object_of(volume.driver_options)},
      {"Scope", "local"},
  };
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
