// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "spec/draft.hpp"

namespace dunnage::spec {

/// Podman's rules for the options of a new volume: what it takes out of `o`, what it stores, and what it refuses.
/// \param value its driver and the options as they were given. Throws: SpecError.
[[nodiscard]] SpecVolumeCreate complete_podman_volume(const Input& input, SpecVolumeCreate&& value, const Rules& rules);

}  // namespace dunnage::spec
