// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The grammars of the three flags; each reads Input::text() from end to end. Throws: SpecError.

#include "spec/input.hpp"

#include <dunnage/mount_set.hpp>

#include <string_view>

namespace dunnage::spec {

inline constexpr std::string_view kVolumeNoun = "volume spec";
inline constexpr std::string_view kMountNoun = "mount spec";
inline constexpr std::string_view kTmpfsNoun = "tmpfs spec";

[[nodiscard]] Mount read_volume_flag(const Input& input);
[[nodiscard]] Mount read_mount_flag(const Input& input);
[[nodiscard]] Mount read_tmpfs_flag(const Input& input);

}  // namespace dunnage::spec
