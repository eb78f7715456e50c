// SPDX-License-Identifier: Apache-2.0
#include <dunnage/image.hpp>

#include "image/config.hpp"
#include "image/reference.hpp"
#include "volume/timestamp.hpp"

#include <nlohmann/json.hpp>

namespace dunnage {

std::string to_json(const ImageInfo& image) {
  using Json = nlohmann::ordered_json;
  Json json{{"Id", image.id}, {"RepoTags", Json::array()}, {"RepoDigests", Json::array()}};
  for (const std::string& name : image.names) {
    json["RepoTags"].push_back(image::familiar(name));
  }
  for (const std::string& name : image.repo_digests) {
    json["RepoDigests"].push_back(image::familiar(name));
  }
  json["Created"] = volume::format_time(image.created_at, volume::Precision::Nanoseconds);
  json["Author"] = image.author;
  json["Architecture"] = image.platform.architecture;
  if (!image.platform.variant.empty()) {
    json["Variant"] = image.platform.variant;
  }
  json["Os"] = image.platform.os;
  json["Size"] = image.size;
  json["Config"] = Json::parse(image::to_json(image.config));
  json["RootFS"] = {{"Type", "layers"}, {"Layers", Json::array()}};
  for (const ImageLayer& layer : image.layers) {
    json["RootFS"]["Layers"].push_back(layer.diff_id);
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace dunnage
