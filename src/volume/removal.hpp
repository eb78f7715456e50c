// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Taking a volume out of the store.

#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

/// Moves a volume that nobody uses, and that is not protected, to the trash. The caller syncs `volumes/` and deletes it
/// there, or keeps it.
/// \param name_there  its name in the trash; empty: any
/// \return its name in the trash
/// Throws: VolumeError(volume_in_use, volume_protected, volume_missing), CallError.
[[nodiscard]] std::string take_out(const Layout& layout, const std::string& name, int trash_fd,
                                   const std::string& name_there = {});

}  // namespace dunnage::volume
