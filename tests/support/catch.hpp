// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Catch2, whichever of its two generations the distribution has: v2 is one header, v3 is a library. Tests are written
/// in the words of v2.

#if DUNNAGE_CATCH2_VERSION >= 3
#include <catch2/catch_all.hpp>

#include <string>

namespace Catch {

inline auto Contains(const std::string& text) { return Matchers::ContainsSubstring(text); }

}  // namespace Catch
#else
#include <catch2/catch.hpp>
#endif
