// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What tells whether a service's container is made of what the project says now.

#include "compose/model.hpp"

#include <string>
#include <string_view>

namespace dunnage::compose {

/// Docker Compose's hash of a service. What it does not know of, contents of configs and secrets and this library's own
/// keys, goes in where it is used.
[[nodiscard]] std::string service_hash(const Model& model, const Service& service);

/// Docker Compose's hash of a volume.
[[nodiscard]] std::string volume_hash(const ProjectVolume& volume);

/// The name of the file that holds a config or secret: its content and the permissions it is to have.
[[nodiscard]] std::string content_name(std::string_view content, const ServiceFile& file);

}  // namespace dunnage::compose
