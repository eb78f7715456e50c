// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Names of images as Docker shows them: "postgres:16" for docker.io/library/postgres:16.

#include <dunnage/image.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// The name without what Docker leaves out. What is no full name is answered as it is.
[[nodiscard]] std::string familiar(std::string_view full_name);

/// A row of `image ls`; "<none>" where there is nothing.
struct ImageName {
  std::string repository = "<none>";
  std::string tag = "<none>";
};

/// Of "docker.io/library/postgres:16", or of the same with a digest, which is left out.
[[nodiscard]] ImageName image_name(std::string_view full_name);

/// One for each name; one of "<none>" for an image without any.
[[nodiscard]] std::vector<ImageName> names_of(const dunnage::ImageInfo& image);

/// "sha256:…" without its algorithm, its first 12 digits unless `whole`.
[[nodiscard]] std::string image_id(const std::string& id, bool whole);

}  // namespace cli
