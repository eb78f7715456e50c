// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether what a file says is of the form the specification has.

#include "compose/keys.hpp"
#include "compose/value.hpp"

namespace dunnage::compose {

/// \param project canonical. Throws: ProjectError at the first key or value that does not fit, with the nearest name.
void check_schema(const Texts& texts, const Value& project);

/// Likewise for a part of it.
void check_schema(const Texts& texts, const Value& value, const Shape& shape, const Path& path);

}  // namespace dunnage::compose
