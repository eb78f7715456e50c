// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reads one option into the draft, by the table in option.hpp.

#include "spec/draft.hpp"
#include "spec/option.hpp"

#include <map>
#include <string>

namespace dunnage::spec {

/// Which word of a group came first.
using Seen = std::map<Group, std::string>;

/// Throws: SpecError for an unknown option (with the nearest one), one of another type or flag, one that contradicts
/// an earlier one, and a bad value.
void apply(const Input& input, Flag flag, const Field& field, Draft& draft, Seen& seen);

}  // namespace dunnage::spec
