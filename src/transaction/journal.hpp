// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an apply is about to do, and how one that was killed is finished.
///
///     1. `applying` is written: which paths, and what has to leave the upper directory afterwards.
///     2. The source is changed, and synced. Killed until here, the same apply is asked for again; it finds what was
///        done in the source, where nothing differs from the transaction any more.
///     3. `applying` becomes `applied`, by a rename. From here on nobody is needed to decide anything: whoever comes by
///        with the lock finishes it, and no container mounts the transaction before that.
///     4. What was applied leaves the upper directory; the baseline is told how the source is now; `applied` goes.

#include "transaction/place.hpp"

#include <set>
#include <string>
#include <vector>

namespace dunnage::transaction {

inline constexpr const char* kApplyingName = "applying";
inline constexpr const char* kAppliedName = "applied";

struct Journal {
  std::vector<std::string> unveiled;   ///< directories that need not hide as a whole, from the top down
  std::vector<std::string> dropped;    ///< what leaves the upper directory, what is in a directory before it
  std::set<std::string> taken_over{};  ///< paths of the source that are the transaction's doing now
};

/// What is wrong with a journal of that name; empty if it is whole, or not there. One that is damaged is taken for one
/// in which nothing is. Throws: CallError.
[[nodiscard]] std::string journal_problem(int directory, const char* name);

/// Synced. Throws: CallError.
void write_journal(const Place& place, const Journal& journal);
/// The paths an apply had begun to take over that was ended. Throws: CallError.
[[nodiscard]] std::set<std::string> begun_paths(const Place& place);
/// Step 3, and then finish_apply(). The lock is held. Throws: VolumeError, CallError.
void finish_journal(const volume::Deed& deed, const Place& place, int source);

/// Whether there is something to finish.
[[nodiscard]] bool has_to_finish(int directory);
/// Step 4, if it is due. The lock is held. Throws: VolumeError, CallError.
void finish_apply(const volume::Deed& deed, const Place& place, int source);

/// The name of the directory in the source an apply makes what is new in.
[[nodiscard]] std::string stage_name(const Place& place);

}  // namespace dunnage::transaction
