// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What an exchange of a volume's data says of itself while it is under way, for whoever finds its stage: see
/// rollback.hpp and limit_move.hpp.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace dunnage::volume {

inline constexpr const char* kRollbackName = "rollback";
inline constexpr const char* kLimitMoveName = "limit-move";

struct ExchangeNote {
  std::string volume;
  std::string snapshot{};          ///< what the state before will be called; empty: it is thrown away
  std::uint64_t volume_inode = 0;  ///< of the volume's directory, which keeps it under another name
  std::uint64_t prepared = 0;      ///< identity of the data that was copied, see kernel/subvolume.hpp
};

/// Writes it into a stage, and syncs it. \param name  kRollbackName, kLimitMoveName. Throws: CallError.
void write_exchange_note(int stage, const char* name, const ExchangeNote& note);

/// \return nothing if there is none, or if it was never finished. Throws: CallError when it cannot be read.
[[nodiscard]] std::optional<ExchangeNote> read_exchange_note(int stage, const char* name);

struct NotedVolume {
  std::string name{};
  kernel::FileDescriptor directory{};  ///< empty if it is gone
};
/// The volume of a note, whatever it is called by now. Throws: CallError.
[[nodiscard]] NotedVolume find_volume(const Layout& layout, const ExchangeNote& note);

/// The identity of the directory `name` in `directory`; 0 if there is nothing. Throws: CallError.
[[nodiscard]] std::uint64_t identity_at(int directory, const char* name);

}  // namespace dunnage::volume
