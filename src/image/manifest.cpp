// SPDX-License-Identifier: Apache-2.0
#include "image/manifest.hpp"

#include "error/printable.hpp"
#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/layer_type.hpp"
#include "image/platform.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::array<std::string_view, 2> kManifests{kOciManifest,
                                                     "application/vnd.docker.distribution.manifest.v2+json"};
constexpr std::array<std::string_view, 2> kIndexes{"application/vnd.oci.image.index.v1+json",
                                                   "application/vnd.docker.distribution.manifest.list.v2+json"};
constexpr std::array<std::string_view, 2> kConfigs{kOciConfig, "application/vnd.docker.container.image.v1+json"};

template <typename Names>
bool is_one_of(std::string_view text, const Names& names) {
  return std::find(names.begin(), names.end(), text) != names.end();
}

Descriptor read_descriptor(const Json& json) {
  Descriptor descriptor{.media_type = text_in(json, "mediaType"),
                        .digest = text_in(json, "digest"),
                        .size = number_in(json, "size"),
                        .annotations = text_map_in(json, "annotations")};
  (void)hex_of(descriptor.digest);  // for its check alone
  const Json& platform = member(json, "platform");
  if (platform.is_object()) {
    descriptor.platform = Platform{.os = text_in(platform, "os"),
                                   .architecture = text_in(platform, "architecture"),
                                   .variant = text_in(platform, "variant")};
  }
  return descriptor;
}

std::vector<Descriptor> read_descriptors(const Json& json, const char* name) {
  std::vector<Descriptor> descriptors;
  for (const Json& item : objects_in(json, name)) {
    descriptors.push_back(read_descriptor(item));
  }
  return descriptors;
}

Manifest read_manifest(const Json& json) {
  const Json& config = member(json, "config");
  if (!config.is_object()) {
    throw malformed("its manifest names no configuration");
  }
  Manifest manifest{.config = read_descriptor(config), .layers = read_descriptors(json, "layers")};
  if (!is_one_of(manifest.config.media_type, kConfigs)) {
    throw malformed(
        fmt::format("it is an artifact of type \"{}\", not an image", error::printable(manifest.config.media_type)));
  }
  if (manifest.layers.empty()) {
    throw malformed("it has no layers");
  }
  for (const Descriptor& layer : manifest.layers) {
    (void)packing_of(layer.media_type);
  }
  return manifest;
}

/// Some writers leave the type out, which OCI allows.
std::string type_of(const Json& json, const std::string& said) {
  const std::string own = text_in(json, "mediaType");
  if (!own.empty() && !said.empty() && own != said) {
    throw malformed(fmt::format("its manifest is \"{}\" for itself and \"{}\" for others", error::printable(own),
                                error::printable(said)));
  }
  if (!own.empty() || !said.empty()) {
    return own.empty() ? said : own;
  }
  // Both at once would be read as one by some and as the other by others.
  if (json.contains("manifests") == json.contains("layers")) {
    throw malformed("it is neither a manifest nor an index");
  }
  return std::string{json.contains("layers") ? kManifests[0] : kIndexes[0]};
}

}  // namespace

Document parse_document(std::string_view text, const std::string& media_type) {
  const Json json = parse_object(text, "its manifest");
  if (number_in(json, "schemaVersion") == 1) {
    throw Fault{errc::not_supported, "its manifest is of Docker's schema 1", "push the image again with a newer tool"};
  }
  Document document{.media_type = type_of(json, media_type)};
  if (is_one_of(document.media_type, kManifests)) {
    if (json.contains("manifests")) {
      throw malformed("its manifest is an index as well");
    }
    document.manifest = read_manifest(json);
  } else if (is_one_of(document.media_type, kIndexes)) {
    if (json.contains("layers")) {
      throw malformed("its index is a manifest as well");
    }
    document.manifests = read_descriptors(json, "manifests");
  } else {
    throw malformed(fmt::format("its manifest is of type \"{}\"", error::printable(document.media_type)));
  }
  return document;
}

Manifest parse_manifest(std::string_view text, const std::string& media_type) {
  Document document = parse_document(text, media_type);
  if (!document.manifest) {
    throw malformed("an index is where one image should be");
  }
  return std::move(*document.manifest);
}

void check_layers(const Manifest& manifest, const std::vector<std::string>& diff_ids) {
  if (manifest.layers.size() != diff_ids.size()) {
    throw malformed(
        fmt::format("its manifest has {} layers, its configuration {}", manifest.layers.size(), diff_ids.size()));
  }
}

std::vector<Descriptor> parse_index(std::string_view text, const std::string& what) {
  return read_descriptors(parse_object(text, what), "manifests");
}

const Descriptor& choose(const std::vector<Descriptor>& manifests, const Platform& platform) {
  std::vector<const Descriptor*> candidates;
  std::vector<Platform> platforms;
  std::string names;
  for (const Descriptor& manifest : manifests) {
    // Attestations stand in indexes as manifests for no platform.
    const Platform own = manifest.platform.value_or(Platform{});
    if (own.os == "unknown" || !(is_one_of(manifest.media_type, kManifests) || manifest.media_type.empty())) {
      continue;
    }
    candidates.push_back(&manifest);
    platforms.push_back(own);
    names += (names.empty() ? "" : ", ") + dunnage::to_string(own);
  }
  if (const auto best = best_of(platform, platforms)) {
    return *candidates[*best];
  }
  Platform wanted = platform;
  wanted.architecture = wanted.architecture.empty() ? machine_architecture() : wanted.architecture;
  throw Fault{errc::image_missing, fmt::format("there is none for {}", dunnage::to_string(wanted)),
              names.empty() ? "choose another image" : fmt::format("choose a platform that is there: {}", names)};
}

Json to_json(const Descriptor& descriptor) {
  Json json{{"mediaType", descriptor.media_type}, {"digest", descriptor.digest}, {"size", descriptor.size}};
  if (!descriptor.annotations.empty()) {
    json["annotations"] = descriptor.annotations;
  }
  if (descriptor.platform) {
    json["platform"] = {{"os", descriptor.platform->os}, {"architecture", descriptor.platform->architecture}};
    if (!descriptor.platform->variant.empty()) {
      json["platform"]["variant"] = descriptor.platform->variant;
    }
  }
  return json;
}

std::string write_manifest(const Manifest& manifest) {
  Json json{{"schemaVersion", 2}, {"mediaType", kOciManifest}, {"config", to_json(manifest.config)}};
  json["layers"] = Json::array();
  for (const Descriptor& layer : manifest.layers) {
    json["layers"].push_back(to_json(layer));
  }
  return json.dump();
}

}  // namespace dunnage::image
