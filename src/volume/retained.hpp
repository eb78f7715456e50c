// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Volumes that were removed and are kept for a while.
///
///     <root>/retained/ID.REMOVED.UNTIL.NAME    a volume's directory, as it was; both times in nanoseconds since 1970
///
/// All that is known of an entry is its name, so that one rename puts a volume here and one rename takes it out. It is
/// not a part of `trash/`, where everything is deleted by whoever comes by.

#include <dunnage/volume_trash.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

inline constexpr const char* kRetainedName = "retained";

/// Empty if nothing was ever retained. Throws: VolumeError(store_unusable), CallError.
[[nodiscard]] kernel::FileDescriptor open_retained(const Layout& layout);
/// Makes it. Throws: likewise.
[[nodiscard]] kernel::FileDescriptor make_retained(const Layout& layout);

/// The name of a new entry, removed now. Throws: CallError.
[[nodiscard]] std::string retained_name(const std::string& volume, std::chrono::milliseconds keep);
/// Nothing for a name that is none of ours.
[[nodiscard]] std::optional<TrashEntry> retained_entry(std::string_view name);
[[nodiscard]] std::string retained_name(const TrashEntry& entry);

/// The last removed first. Throws: CallError.
[[nodiscard]] std::vector<TrashEntry> retained_entries(int retained);

/// Deletes an entry. \return false if it was gone. Throws: CallError.
bool purge_retained(const Layout& layout, int retained, const std::string& name);

/// Deletes what is over its time. Throws: VolumeError(store_unusable), CallError.
void sweep_retained(const Layout& layout);

/// Takes an entry back into the store, as `volume`. Throws: VolumeError(volume_exists, volume_missing, volume_damaged),
/// CallError, and it is where it was.
void restore_retained(const Layout& layout, int retained, const TrashEntry& entry, const std::string& volume);

}  // namespace dunnage::volume
