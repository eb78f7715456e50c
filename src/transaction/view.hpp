// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the upper directory has and hides, as a whole: what changes, conflicts and their application are decided by.

#include <dunnage/transaction.hpp>

#include "transaction/baseline.hpp"
#include "transaction/place.hpp"
#include "volume/link_names.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::transaction {

/// One path of the upper directory, or one it hides.
struct ViewEntry {
  bool upper = false;    ///< the upper directory has it, and it is no mark
  bool there = false;    ///< the source has it now
  bool covered = false;  ///< what is mounted in the source is in the way
  std::uint32_t what = 0;
  EntryState above{};
  EntryState below{};

  [[nodiscard]] bool hidden() const noexcept { return !upper && (there || covered); }
  /// A mark that hides nothing.
  [[nodiscard]] bool stale() const noexcept { return !upper && !there && !covered; }
};

struct View {
  std::map<std::string, ViewEntry, std::less<>> entries;
  volume::LinkNames links_before;  ///< only if something that has several names is among the entries
  volume::LinkNames links_after;
  std::vector<std::string> mounts;  ///< below the source, as paths in it, sorted
};

/// Looks at a transaction. \param source  O_PATH. Throws: VolumeError, CallError.
[[nodiscard]] View look_at_transaction(const volume::Deed& deed, const Place& place, int source, const Watch& watch);

/// Whether `path` is `top` or below it. Everything is below ".".
[[nodiscard]] bool is_within(std::string_view path, std::string_view top) noexcept;

[[nodiscard]] bool is_directory(const EntryState& state) noexcept;

}  // namespace dunnage::transaction
