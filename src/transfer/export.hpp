// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A volume to the bytes of an archive.

#include <dunnage/volume_archive.hpp>

#include "image/watching.hpp"
#include "transfer/failure.hpp"
#include "volume/layout.hpp"

#include <functional>
#include <string_view>

namespace dunnage::transfer {

inline constexpr const char* kExportVolume = "export volume";

using Take = std::function<void(std::string_view)>;

/// \param take  gets the bytes; the thread's locale is C meanwhile
/// Throws: VolumeError, image::Fault, kernel::CallError, what `take` and the caller's hooks throw.
[[nodiscard]] VolumeExportResult export_volume(const volume::Layout& layout, const Deed& deed,
                                               const VolumeExportOptions& options, image::Watching& watching,
                                               const Take& take);

}  // namespace dunnage::transfer
