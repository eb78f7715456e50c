// SPDX-License-Identifier: Apache-2.0
#include "image/docker_source.hpp"

#include "image/failure.hpp"
#include "image/layer_type.hpp"
#include "image/oci_source.hpp"
#include "image/reference.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <string>
#include <string_view>

namespace dunnage::image {
namespace {

const ArchiveContent::Item& require_file(const ArchiveContent& content, const std::string& name) {
  if (const ArchiveContent::Item* item = content.find(name)) {
    return *item;
  }
  throw malformed(fmt::format("its manifest.json names \"{}\", which is not in it", shown(name)));
}

/// The archive does not say how its layers are packed.
std::string media_type_of(const Intake& intake, const std::string& digest) {
  const auto file = open_regular(intake.directory(), hex_of(digest));
  if (!file) {
    throw kernel::CallError{"open", ENOENT};
  }
  return oci_layer(compression_of_layer(file.get(), {}));
}

NewImage take_image(Intake& intake, const ArchiveContent& content, const Json& entry) {
  const ArchiveContent::Item& config = require_file(content, text_in(entry, "Config"));
  Manifest manifest{.config = {.media_type = std::string{kOciConfig}, .digest = config.digest, .size = config.size},
                    .layers = {}};
  for (const std::string& name : texts_in(entry, "Layers")) {
    const ArchiveContent::Item& layer = require_file(content, name);
    manifest.layers.push_back(
        {.media_type = media_type_of(intake, layer.digest), .digest = layer.digest, .size = layer.size});
  }
  const std::string text = write_manifest(manifest);
  NewImage image{
      .manifest = {.media_type = std::string{kOciManifest}, .digest = intake.put(text), .size = text.size()}};
  for (const std::string& name : texts_in(entry, "RepoTags")) {
    try {
      image.names.push_back(to_string(parse_reference(name)));
    } catch (const Fault& fault) {
      throw malformed(fmt::format("it calls an image \"{}\": {}", shown(name), fault.cause()));
    }
  }
  return image;
}

}  // namespace

std::vector<NewImage> take_docker_archive(Intake& intake, const ArchiveContent& content, const LoadOptions& options) {
  const Json::array_t entries = parse_objects(content.read("manifest.json"), "its manifest.json");
  if (entries.empty()) {
    throw malformed("it holds no image");
  }
  std::vector<NewImage> images;
  for (const Json& entry : entries) {
    images.push_back(take_image(intake, content, entry));
    const Manifest manifest = parse_manifest(intake.read(images.back().manifest));
    require_platform(intake, manifest.config, options.platform);
  }
  give_name(images, std::vector<std::string>(images.size()), options.name);
  return images;
}

}  // namespace dunnage::image
