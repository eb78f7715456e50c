// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container wrote to the root file system of its image (image/changes.hpp), for who has its record.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::container {

/// The directory of all of them; empty if the store has none. Throws: kernel::CallError.
[[nodiscard]] kernel::FileDescriptor open_changes(const volume::Layout& layout);

/// Nothing if there are none. Throws: kernel::CallError.
void remove_changes(const volume::Layout& layout, const std::string& id);

/// Keeps them over the moment between an end and the start after it. Throws: kernel::CallError.
void hold_changes(const volume::Layout& layout, const std::string& id);

}  // namespace dunnage::container
