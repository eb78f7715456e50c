// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is damaged in a store, and making it usable again.
///
///     const auto report = dunnage::check_store();             // volumes, containers, images, transactions
///     if (!report.is_clean()) std::cerr << report.to_string();
///     std::cerr << dunnage::repair_store().to_string();       // what was done, and what is left for a person
///
/// Damage is confined to what it is in: a volume whose metadata cannot be read, a container without a configuration, an
/// image without one of its layers, a transaction whose source is gone. Everything else in the store works on, and
/// opening a store sweeps what killed processes left, so a check is for those who want to know, and a repair for what
/// is named there.
///
/// **check** changes nothing at all, keeps nobody waiting, and follows no link. It works while other processes use the
/// store, on a store that may only be read, and on one that open() refuses. What comes and goes meanwhile is not
/// reported; that something is left over is said only of what is older than `grace`.
///
/// **repair** never changes or deletes what a container wrote: not the `_data` of a volume, not a log. A damaged file
/// is kept beside the new one, as `metadata.damaged-1`. It may be killed at any moment, and run again, twice at once,
/// and beside containers that use what it repairs.

#include <dunnage/export.hpp>
#include <dunnage/store_report.hpp>
#include <dunnage/volume_store.hpp>

#include <filesystem>

namespace dunnage {

/// Checks the store at `root`. Where there is none, nothing is found.
/// Throws: VolumeError with the errno of what failed (no memory, no descriptors), VolumeError(invalid_argument).
[[nodiscard]] DUNNAGE_API StoreReport check_store(const std::filesystem::path& root = default_store(),
                                                  const StoreCheck& options = {});

/// Repairs what can be repaired of the store at `root`, and reports everything that was found: what was done, and what
/// remains. Where there is no store none is made. What cannot be repaired stops nothing else.
/// Throws: as check_store(); VolumeError with EBUSY if another repair does not come to its end within a minute, with
/// EROFS on a disk that is read-only.
DUNNAGE_API StoreReport repair_store(const std::filesystem::path& root = default_store(),
                                     const StoreRepair& options = {});

}  // namespace dunnage
