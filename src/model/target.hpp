// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Paths in the container, as text. Nothing here looks at a file system.

#include <optional>
#include <string>
#include <string_view>

namespace dunnage::model {

/// What is wrong with a target, and what to do about it.
struct TargetFault {
  std::string_view cause;
  std::string_view remedy;
};

/// Empty if the text can be a mount's target: absolute, not "/", no NUL or line feed, not longer than a path may be.
[[nodiscard]] std::optional<TargetFault> fault_of_target(std::string_view text);

/// The same place in its one spelling: no "." or "..", no double or final slash. ".." never leaves the root, and a
/// text without a leading slash is taken from the root.
[[nodiscard]] std::string clean_path(std::string_view text);

/// Whether `path` is `parent` or lies below it; both clean.
[[nodiscard]] bool is_at_or_below(std::string_view path, std::string_view parent) noexcept;

}  // namespace dunnage::model
