// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Whether this is a sanitized build, whose memory and time say nothing about the library's.

namespace dunnage::test {

#if defined(__has_feature)
inline constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

}  // namespace dunnage::test
