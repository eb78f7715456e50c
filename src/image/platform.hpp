// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Machines images are made for.

#include <dunnage/image.hpp>

#include <cstddef>
#include <optional>
#include <vector>

namespace dunnage::image {

/// This machine's, as Go names it; empty if Go has no name for it.
[[nodiscard]] const std::string& machine_architecture();

/// Whether nothing but this machine is meant.
[[nodiscard]] bool is_default(const Platform& platform) noexcept;

/// Whether what was made for `offered` is what `wanted` asks for.
[[nodiscard]] bool matches(const Platform& wanted, const Platform& offered);

/// The one of `offered` that suits best, the first of equals. Nothing if none matches.
[[nodiscard]] std::optional<std::size_t> best_of(const Platform& wanted, const std::vector<Platform>& offered);

}  // namespace dunnage::image
