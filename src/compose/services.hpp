// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What becomes of the services of a whole model: which of them count, what their files of variables say, and whether
/// all that they name is there.

#include "compose/files.hpp"
#include "compose/surroundings.hpp"
#include "compose/value.hpp"

#include <map>
#include <string>
#include <vector>

namespace dunnage::compose {

/// By name, with the profiles that enable it.
using Disabled = std::map<std::string, std::vector<std::string>>;

/// Takes services and jobs out that no profile enables. \return the services
Disabled select_services(Value& model, const std::vector<std::string>& profiles);

/// `env_file` and `label_file` to `environment` and `labels`. Throws: ProjectError.
void resolve_service_files(Texts& texts, Files& files, Value& model, const Surroundings& surroundings);

/// Throws: ProjectError for what is named and not there, for targets that are taken, for circles.
void check_consistency(const Texts& texts, const Value& model, const Disabled& disabled);

/// Without the volumes, networks, secrets, configs and models that no service uses.
[[nodiscard]] Value without_unused(const Value& model);

}  // namespace dunnage::compose
