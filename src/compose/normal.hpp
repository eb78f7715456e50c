// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a model means beyond what it says: defaults, implied dependencies, names.

#include "compose/surroundings.hpp"
#include "compose/value.hpp"

#include <string>
#include <string_view>

namespace dunnage::compose {

/// Where the content of a config or secret that is a variable is kept, away from everything that is printed.
inline constexpr std::string_view kContentKey = "x-#value";

void set_defaults(const Texts& texts, Value& model);

/// What the schema cannot say: members that exclude each other, addresses. Throws: ProjectError.
void check_model(const Texts& texts, const Value& model);

/// Variables that are named without a value: `environment: [NAME]`, `secrets: {NAME: {environment: NAME}}`.
void resolve_files(const Texts& texts, Value& model, const Surroundings& surroundings);

/// Of the whole project: networks, dependencies and names that are implied. \param name the project's
void normalise(Value& model, const std::string& name, const Surroundings& surroundings);

}  // namespace dunnage::compose
