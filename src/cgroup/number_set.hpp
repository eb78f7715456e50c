// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Lists of processors and memory nodes as the kernel writes them: "0-3,7".

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::cgroup {

inline constexpr unsigned kMostNumber = 65535;

/// In ascending order, each once; nothing if it is no such list, or empty.
[[nodiscard]] std::optional<std::vector<unsigned>> parse_number_set(std::string_view text);
/// As short as the kernel writes it.
[[nodiscard]] std::string number_set_text(const std::vector<unsigned>& numbers);

}  // namespace dunnage::cgroup
