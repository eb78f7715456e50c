// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Questions and answers of `dunnage spec parse`: JSON in the shape of tests/cases.

#include "json.hpp"

#include <string>

namespace cli {

/// \param request surface, engine, input, ctx. A refusal and a request that makes no sense are answers with ok false.
[[nodiscard]] Json answer_to(const Json& request);
/// A discarded value for what is not JSON, is longer than a MiB, or is nested more than 64 deep.
[[nodiscard]] Json parse_bounded(const std::string& text);
/// One line of JSON for one line of JSON, whatever it is.
[[nodiscard]] std::string answer_line(const std::string& line);

}  // namespace cli
