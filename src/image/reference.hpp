// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names of images, by Docker's rules: `[DOMAIN/]PATH[:TAG][@DIGEST]`.

#include <string>
#include <string_view>

namespace dunnage::image {

/// "postgres" is {"docker.io", "library/postgres", "latest", ""}; with a digest and no tag, the tag stays empty.
struct Reference {
  std::string domain;
  std::string path;
  std::string tag;
  std::string digest;

  /// "docker.io/library/postgres"
  [[nodiscard]] std::string repository() const { return domain + "/" + path; }
  friend bool operator==(const Reference&, const Reference&) = default;
};

/// Throws: Fault(invalid_argument), Fault(not_supported) for a digest of another kind than SHA-256.
[[nodiscard]] Reference parse_reference(std::string_view text);

/// The full name for an image, which a digest cannot be part of: nobody can give one. Throws: as parse_reference().
[[nodiscard]] std::string new_name(std::string_view text);

/// All of it: "docker.io/library/postgres:16", "docker.io/library/postgres@sha256:…".
[[nodiscard]] std::string to_string(const Reference& reference);

/// As people write it: "postgres:16". What is no full name is answered as it is.
[[nodiscard]] std::string familiar(std::string_view full_name);

}  // namespace dunnage::image
