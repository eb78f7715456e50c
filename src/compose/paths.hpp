// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Relative paths of a model to absolute ones.

#include "compose/value.hpp"

#include <string>

namespace dunnage::compose {

/// \param model canonical; what is absolute stays as it is written
/// Throws: ProjectError for a bind without a source.
void make_paths_absolute(const Texts& texts, Value& model, const std::string& directory, const std::string& home);

}  // namespace dunnage::compose
