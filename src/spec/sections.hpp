// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The parts of `[SOURCE:]TARGET[:OPTIONS]`, as the command lines of Docker and Compose cut them.

#include "spec/input.hpp"

#include <array>
#include <cstddef>
#include <string_view>

namespace dunnage::spec {

struct Sections {
  std::array<Piece, 3> parts{};
  std::size_t count = 0;
};

struct SectionRules {
  bool drives = true;      ///< a colon after a single letter belongs to a drive of Windows
  bool variables = false;  ///< colons within `${...}` do not count
};

/// Throws: SpecError(EmptySection, TooManyColons).
[[nodiscard]] Sections cut_sections(const Input& input, SectionRules rules);

/// Whether Docker and Compose take the source for a path of the host: it begins with `.`, `/`, `~`, `\\` or `c:`.
[[nodiscard]] bool is_file_path(std::string_view source) noexcept;

}  // namespace dunnage::spec
