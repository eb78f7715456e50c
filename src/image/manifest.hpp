// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Manifests and indexes, OCI's and Docker's (schema 2). What is read here was written by others.

#include <dunnage/image.hpp>

#include "image/json.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciConfig = "application/vnd.oci.image.config.v1+json";

/// A reference to content.
struct Descriptor {
  std::string media_type;
  std::string digest;  ///< is_digest()
  std::uint64_t size = 0;
  std::optional<Platform> platform{};
  std::map<std::string, std::string> annotations{};

  friend bool operator==(const Descriptor&, const Descriptor&) = default;
};

struct Manifest {
  Descriptor config;
  std::vector<Descriptor> layers;  ///< lowest first
};

/// What a text that a registry or a layout gave may be.
struct Document {
  std::string media_type;
  std::optional<Manifest> manifest{};   ///< of one image
  std::vector<Descriptor> manifests{};  ///< or of several: an index
};

/// All of these throw Fault(image_invalid), and Fault(not_supported) for what there is no way to use.

/// \param media_type  as the descriptor says; empty if nothing did
[[nodiscard]] Document parse_document(std::string_view text, const std::string& media_type = {});
/// The same where only one image may be.
[[nodiscard]] Manifest parse_manifest(std::string_view text, const std::string& media_type = {});
/// Throws: Fault(image_invalid) unless each layer has its digest in the configuration.
void check_layers(const Manifest& manifest, const std::vector<std::string>& diff_ids);
/// An index, or the index.json of a layout.
[[nodiscard]] std::vector<Descriptor> parse_index(std::string_view text, const std::string& what);

/// What suits this platform best.
/// Throws: Fault(image_missing) naming those that are there.
[[nodiscard]] const Descriptor& choose(const std::vector<Descriptor>& manifests, const Platform& platform);

/// The text of an OCI manifest.
[[nodiscard]] std::string write_manifest(const Manifest& manifest);
[[nodiscard]] Json to_json(const Descriptor& descriptor);

}  // namespace dunnage::image
