// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The source as it was when the transaction began, and, of what was applied since, as it was left.

#include <dunnage/progress.hpp>

#include "launcher/work_protocol.hpp"
#include "volume/deed.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace dunnage::transaction {

using launcher::EntryState;

/// By path below the source; "." is the source itself.
using Baseline = std::map<std::string, EntryState, std::less<>>;

/// Walks over the source. Throws: VolumeError with the errno of what failed, cancelled, timed_out.
[[nodiscard]] Baseline take_baseline(const volume::Deed& deed, int source, const Watch& watch);

/// Throws: CallError; VolumeError(volume_damaged).
[[nodiscard]] Baseline read_baseline(const volume::Deed& deed, int directory);

/// Replaces what is there, synced. Throws: CallError.
void write_baseline(int directory, const Baseline& baseline);

}  // namespace dunnage::transaction
