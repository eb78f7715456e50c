// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// config.json and state.json of a record as text, and back.

#include "container/record.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::container {

inline constexpr const char* kConfigName = "config.json";
inline constexpr const char* kStateName = "state.json";
inline constexpr std::size_t kMostConfigBytes = std::size_t{16} << 20U;
inline constexpr std::size_t kMostStateBytes = std::size_t{64} << 10U;
inline constexpr const char* kNewerRecord = "it was written by a newer version of the library";

/// The content of state.json.
struct SavedState {
  ContainerStatus status = ContainerStatus::Created;
  std::optional<ExitStatus> exit;  ///< with status Exited
  unsigned restart_count = 0;
  std::chrono::system_clock::time_point started_at;
  std::chrono::system_clock::time_point finished_at;
};

[[nodiscard]] std::string encode_config(const Config& config);

/// Throws: std::invalid_argument saying what is wrong with it.
[[nodiscard]] Config decode_config(std::string_view text);

/// Nothing if the text is not what the launcher writes.
[[nodiscard]] std::optional<SavedState> decode_state(std::string_view text);

/// Puts the present names of volumes into it.
void follow_renames(Config& config);

/// Reads config.json, and puts the present names of volumes into it. Throws: kernel::CallError, and as decode_config().
[[nodiscard]] Config read_config(int record_directory);

/// Reads state.json; nothing if there is none, or none that can be understood.
[[nodiscard]] std::optional<SavedState> read_state(int record_directory);

}  // namespace dunnage::container
