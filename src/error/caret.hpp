// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A line of a text with a caret under the part in question.

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::error {

/// Two lines, each after a line end and two blanks; of a long line what is around the part.
/// \param column 0-based, in bytes of the line; \param length of the part, at least one byte is marked
[[nodiscard]] std::string caret_lines(std::string_view line, std::size_t column, std::size_t length);

}  // namespace dunnage::error
