// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The options of the engines' `local` volume driver.

#include "spec/draft.hpp"

#include <map>
#include <string>

namespace dunnage::spec {

/// Docker's rules for them. Throws: SpecError.
void check_local_options(const Input& input, const std::map<std::string, std::string>& options, const Rules& rules,
                         SpecStage stage);

}  // namespace dunnage::spec
