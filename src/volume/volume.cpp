// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume.hpp>

#include "model/json_text.hpp"
#include "volume/layout.hpp"
#include "volume/timestamp.hpp"
#include "volume/volume_access.hpp"

#include <nlohmann/json.hpp>

#include <map>
#include <memory>
#include <mutex>
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

Volume::Volume(std::shared_ptr<const Record> record) : record_{std::move(record)} {}

Volume::Volume(const Volume& other) noexcept = default;
Volume& Volume::operator=(const Volume& other) noexcept = default;
Volume::~Volume() = default;

Volume VolumeAccess::make(VolumeInfo info) { return make(std::move(info), nullptr); }

Volume VolumeAccess::make(VolumeInfo info, std::shared_ptr<const std::string> volumes) {
  return Volume{std::make_shared<const Volume::Record>(std::move(info), std::move(volumes))};
}

const std::string& Volume::name() const noexcept { return record_->info.name; }

const Labels& Volume::labels() const noexcept { return record_->info.labels; }

const VolumeInfo& Volume::info() const {
  if (record_->volumes) {
    std::call_once(record_->complete,
                   [this] { record_->info.mountpoint = volume::mountpoint_in(*record_->volumes, record_->info.name); });
  }
  return record_->info;
}

bool operator==(const Volume& left, const Volume& right) {
  return left.record_ == right.record_ || left.info() == right.info();
}

VolumeMount Volume::at(std::string target, VolumeMountOptions options) const {
  // <store>/volumes/<name>/_data
  std::filesystem::path store = mountpoint().parent_path().parent_path().parent_path();
  return {.name = name(), .target = std::move(target), .options = std::move(options), .store = std::move(store)};
}

std::string to_json(const VolumeInfo& volume) {
  nlohmann::ordered_json json{
      {"CreatedAt", volume::format_time(volume.created_at, volume::Precision::Seconds)},
      {"Driver", volume.driver},
      {"Labels", object_of(volume.labels)},
      {"Mountpoint", model::to_json_text(volume.mountpoint.native())},
      {"Name", volume.name},
      {"Options", volume.driver_options.empty() ? nlohmann::ordered_json(nullptr) : object_of(volume.driver_options)},
      {"Scope", "local"},
  };
  if (volume.is_protected) {
    json["Protected"] = true;
  }
  if (volume.access != AccessMode::Shared) {
    json["Access"] = to_string(volume.access);
  }
  if (volume.limit_way != LimitWay::None) {
    json["Limit"] = {
        {"Size", volume.limit.size}, {"Inodes", volume.limit.inodes}, {"Way", to_string(volume.limit_way)}};
  }
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace dunnage
