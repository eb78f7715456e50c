// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images made by hand, so that each byte of them can be wrong.

#include "image/digest.hpp"
#include "support/temporary_directory.hpp"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::test {

using nlohmann::json;

/// An entry of a tar in the oldest of its formats.
inline std::string tar_entry(std::string_view name, std::string_view content, char type = '0',
                             std::string_view link = {}) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, std::string_view text) { header.replace(at, text.size(), text); };
  const auto octal = [&](std::size_t at, std::size_t digits, std::size_t value) {
    for (std::size_t digit = digits; digit-- > 0; value /= 8) header[at + digit] = static_cast<char>('0' + value % 8);
  };
  put(0, name);
  octal(100, 7, type == '5' ? 0755 : 0644);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, content.size());
  octal(136, 11, 1'700'000'000);
  header[156] = type;
  put(157, link);
  put(257, std::string_view{"ustar\00000", 8});
  put(148, "        ");
  std::size_t sum = 0;
  for (const char byte : header) sum += static_cast<unsigned char>(byte);
  octal(148, 6, sum);
  header[154] = '\0';
  std::string entry = header + std::string{content};
  entry.resize((entry.size() + 511) / 512 * 512);
  return entry;
}

/// Two empty blocks end a tar.
inline std::string tar_of(const std::vector<std::string>& entries) {
  std::string tar;
  for (const std::string& entry : entries) tar += entry;
  return tar + std::string(1024, '\0');
}

inline std::string small_layer(std::string_view file = "hello", std::string_view content = "hi\n") {
  return tar_of({tar_entry(file, content)});
}

inline json descriptor_of(std::string_view media_type, std::string_view content) {
  return {{"mediaType", media_type}, {"digest", image::digest_of(content)}, {"size", content.size()}};
}

inline constexpr const char* kManifestType = "application/vnd.oci.image.manifest.v1+json";
inline constexpr const char* kIndexType = "application/vnd.oci.image.index.v1+json";
inline constexpr const char* kConfigType = "application/vnd.oci.image.config.v1+json";
inline constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";

/// An OCI image layout that is being made; all of it can be changed before it is written.
struct OciLayout {
  std::vector<std::string> blobs{};
  json index = {{"schemaVersion", 2}, {"manifests", json::array()}};
  std::string version = R"({"imageLayoutVersion":"1.0.0"})";

  json add(std::string_view media_type, std::string content) {
    json descriptor = descriptor_of(media_type, content);
    blobs.push_back(std::move(content));
    return descriptor;
  }
  /// An image of plain layers. \return the descriptor of its manifest
  json image(const std::vector<std::string>& layers, json config = json::object(), json more = json::object()) {
    json configuration = {{"os", "linux"}, {"architecture", "amd64"}, {"config", std::move(config)}};
    configuration["rootfs"] = {{"type", "layers"}, {"diff_ids", json::array()}};
    json manifest = {{"schemaVersion", 2}, {"mediaType", kManifestType}, {"layers", json::array()}};
    for (const std::string& layer : layers) {
      configuration["rootfs"]["diff_ids"].push_back(image::digest_of(layer));
      manifest["layers"].push_back(add(kLayerType, layer));
    }
    configuration.update(more);
    manifest["config"] = add(kConfigType, configuration.dump());
    return add(kManifestType, manifest.dump());
  }
  void name(json manifest, const std::string& name) {
    if (!name.empty()) manifest["annotations"]["org.opencontainers.image.ref.name"] = name;
    index["manifests"].push_back(std::move(manifest));
  }
  /// Writes it below `directory`. \return its path
  std::filesystem::path write(const TemporaryDirectory& directory, const std::string& at = "layout") const {
    (void)directory.make(at + "/blobs/sha256");
    directory.write(at + "/oci-layout", version);
    directory.write(at + "/index.json", index.dump());
    for (const std::string& blob : blobs) {
      directory.write(at + "/blobs/sha256/" + image::digest_of(blob).substr(7), blob);
    }
    return directory.path() / at;
  }
  /// The same as a tar.
  [[nodiscard]] std::string tar() const {
    std::vector<std::string> entries{tar_entry("blobs/", "", '5'), tar_entry("blobs/sha256/", "", '5')};
    for (const std::string& blob : blobs) {
      entries.push_back(tar_entry("blobs/sha256/" + image::digest_of(blob).substr(7), blob));
    }
    entries.push_back(tar_entry("index.json", index.dump()));
    entries.push_back(tar_entry("oci-layout", version));
    return tar_of(entries);
  }
};

/// A layout of one small image.
inline OciLayout small_layout(const std::string& name = "docker.io/library/small:1") {
  OciLayout layout;
  layout.name(layout.image({small_layer()}), name);
  return layout;
}

}  // namespace dunnage::test
