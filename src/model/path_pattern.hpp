// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Patterns for paths: `*` and `?` within a name, `**` for any number of names.

#include <string_view>
#include <vector>

namespace dunnage::model {

using PathNames = std::vector<std::string_view>;

/// The names a path consists of, and so does a pattern. They point into it.
[[nodiscard]] PathNames path_names(std::string_view path);

/// Whether a path is one a pattern means: all of it.
[[nodiscard]] bool pattern_means(const PathNames& pattern, const PathNames& names);

}  // namespace dunnage::model
