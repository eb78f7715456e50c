// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a walk found, for those who ask later.
///
///     {"checksum":"6b2d11a0",
///     "bytes":4096,"files":2,"measured_at":"2026-11-24T23:55:01.000000000Z"}

#include <dunnage/volume_limit.hpp>

#include "volume/layout.hpp"

#include <chrono>
#include <optional>

namespace dunnage::volume {

/// \return nothing if there is none, or if it is damaged, of a time to come, or older than `max_age`
/// Throws: CallError.
[[nodiscard]] std::optional<VolumeUsage> read_noted_usage(int directory, const char* name,
                                                          std::chrono::milliseconds max_age);

/// What cannot be noted is measured again. \param directory  of the volume
void note_usage(const Layout& layout, int directory, const char* name, const VolumeUsage& usage) noexcept;

}  // namespace dunnage::volume
