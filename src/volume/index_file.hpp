// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The files of an index of volumes.

#include "kernel/file_descriptor.hpp"
#include "launcher/volume_log.hpp"
#include "volume/index_bytes.hpp"
#include "volume/index_log.hpp"
#include "volume/layout.hpp"

#include <cstddef>
#include <optional>
#include <string>

namespace dunnage::volume {

inline constexpr const char* kIndexFile = "list";
inline constexpr const char* kNewIndexFile = "list.new";
inline constexpr const char* kLogFile = "changed";

/// \return empty unless it is a regular file of this user that nobody else can open and that has one name
[[nodiscard]] kernel::FileDescriptor open_index_file(int directory, const char* name, int flags);

/// \return nothing if the kernel tells no id of its start
[[nodiscard]] std::optional<IndexPlace> index_place(const Layout& layout, int file);

/// When a volume last came or went. Nothing if that cannot be told.
[[nodiscard]] std::optional<ChangeTime> change_time_of(const Layout& layout);

/// From its beginning. \return nothing if it is damaged, or longer than kMostVolumeLogBytes
[[nodiscard]] std::optional<IndexLog> read_log_file(int file);

/// \return false if it was not written whole, or the log is too long by now
[[nodiscard]] bool append_record(int log, const launcher::VolumeLogRecord& record) noexcept;

/// \return false if there are not so many bytes
[[nodiscard]] bool read_exactly(int file, char* into, std::size_t size) noexcept;

/// Whether that file system is one of this machine alone, which keeps times and inodes as others do.
[[nodiscard]] bool can_hold_index(const Layout& layout) noexcept;

/// Moves an index, complete or in the making, to where nobody looks for one. Throws: CallError,
/// VolumeError(store_unusable) if it is still there.
void put_index_away(const Layout& layout);

}  // namespace dunnage::volume
