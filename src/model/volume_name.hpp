// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The rule for names of volumes. Docker refuses names of one letter, because its command line takes `c:/x` for a
/// Windows path; Podman accepts them, and so do we.

#include <string_view>

namespace dunnage::model {

/// Whether the text is `[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}`. Such a name is always one harmless path component.
[[nodiscard]] bool is_valid_volume_name(std::string_view name) noexcept;

}  // namespace dunnage::model
