// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Variables of a program, by name.

#include <map>
#include <string>

namespace dunnage {

using Environment = std::map<std::string, std::string>;

}  // namespace dunnage
