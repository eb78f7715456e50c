// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// YAML to values. Aliases and merge keys are filled in; `!reset` and `!override` are remembered by where they stand.

#include "compose/value.hpp"

#include <vector>

namespace dunnage::compose {

struct Document {
  Value value{};
  std::vector<Path> resets{};  ///< what earlier files say there does not count
};

/// The documents of a file, one after the other. Throws: ProjectError.
[[nodiscard]] std::vector<Document> parse_yaml(Texts& texts, std::uint32_t file);

}  // namespace dunnage::compose
