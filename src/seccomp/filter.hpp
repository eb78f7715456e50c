// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Filters, each made once for a profile and capabilities, and kept.

#include <dunnage/seccomp.hpp>

#include <linux/filter.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::seccomp {

struct Filter {
  std::vector<sock_filter> program;
  std::uint32_t flags = 0;  ///< SECCOMP_FILTER_FLAG_*
};

/// Null for Seccomp::unconfined(). A file has to be loaded. From any thread.
/// Throws: LaunchError(invalid_argument) naming the place in the profile.
[[nodiscard]] std::shared_ptr<const Filter> filter_of(const Seccomp& seccomp, std::uint64_t capabilities);

/// The same from a text, not kept. Throws: ProfileFault.
[[nodiscard]] Filter compile(std::string_view text, std::uint64_t capabilities);

/// Whether this kernel has filters, and what it says if not (an errno).
[[nodiscard]] int probe_filters() noexcept;

}  // namespace dunnage::seccomp
