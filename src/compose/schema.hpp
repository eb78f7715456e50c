// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether what a file says is of the form the specification has.

#include "compose/keys.hpp"
#include "compose/value.hpp"

namespace dunnage::compose {

/// \param project canonical; \param templates variables are not filled in, so that a text may become anything
/// Throws: ProjectError at the first key or value that does not fit, with the nearest name.
void check_schema(const Texts& texts, const Value& project, bool templates);

}  // namespace dunnage::compose
