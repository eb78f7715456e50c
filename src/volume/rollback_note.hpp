// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a rollback says of itself while it is under way, for whoever finds it.

#include <cstdint>
#include <optional>
#include <string>

namespace dunnage::volume {

inline constexpr const char* kRollbackName = "rollback";

struct RollbackNote {
  std::string volume;
  std::string snapshot;            ///< what the state before will be called
  std::uint64_t volume_inode = 0;  ///< of the volume's directory, which keeps it under another name
  std::uint64_t prepared = 0;      ///< identity of the data that was copied, see kernel/subvolume.hpp
};

/// Writes it into a stage, and syncs it. Throws: CallError.
void write_rollback_note(int stage, const RollbackNote& note);

/// \return nothing if there is none, or if it was never finished. Throws: CallError when it cannot be read.
[[nodiscard]] std::optional<RollbackNote> read_rollback_note(int stage);

/// The identity of the directory `name` in `directory`; 0 if there is nothing. Throws: CallError.
[[nodiscard]] std::uint64_t identity_at(int directory, const char* name);

}  // namespace dunnage::volume
