// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Catch2, whichever of its two generations the distribution has: v2 is one header, v3 is a library.

#if DUNNAGE_CATCH2_VERSION >= 3
#include <catch2/catch_all.hpp>
#else
#include <catch2/catch.hpp>
#endif
