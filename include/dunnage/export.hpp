// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Visibility of the library's symbols. Everything is hidden unless it carries DUNNAGE_API.

#if defined(__GNUC__) || defined(__clang__)
#define DUNNAGE_API __attribute__((visibility("default")))
#else
#define DUNNAGE_API
#endif
