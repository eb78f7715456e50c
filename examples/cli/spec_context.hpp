// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The machine a text is read for.

#include "json.hpp"

#include <dunnage/spec.hpp>

#include <string>

namespace cli {

struct RequestContext {
  dunnage::SpecContext spec{};
  std::string service_volumes{};  ///< YAML: the other list of the service, for Compose's `tmpfs:`
  std::string service_tmpfs{};
};

/// \param value what differs from the reference machine of tests/cases, or the text "host" for this machine: cwd, home,
/// project, project_directory, env, quota, rootless, missing (paths that are not there), declared (volumes of the
/// top level), volumes and tmpfs (lists of the service; `volumes` as a mapping is `declared`).
/// Throws: std::invalid_argument for anything else.
[[nodiscard]] RequestContext request_context(const Json& value);

}  // namespace cli
