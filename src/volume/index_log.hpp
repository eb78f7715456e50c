// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The log beside an index of volumes: which names may differ from it by now, and at which times of the directory's
/// change it was found to be right.

#include "launcher/volume_log.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

/// When a directory was changed, as the kernel wrote it down.
struct ChangeTime {
  std::int64_t modified_seconds = 0;
  std::int64_t modified_nanoseconds = 0;
  std::int64_t changed_seconds = 0;
  std::int64_t changed_nanoseconds = 0;

  [[nodiscard]] static ChangeTime of(const struct stat& status) noexcept;

  /// Whether it is so long ago that a change from now on cannot get the same time, unless the clock is set back to that
  /// very nanosecond: a clock ticks some hundred times a second, and some file systems count seconds, or two of them.
  [[nodiscard]] bool is_settled() const noexcept;

  friend bool operator==(const ChangeTime&, const ChangeTime&) = default;
};

struct IndexLog {
  std::vector<std::string> names{};  ///< sorted, each once
  std::vector<ChangeTime> right_at{};
};

/// \param name  of a volume
[[nodiscard]] launcher::VolumeLogRecord log_record(std::string_view name) noexcept;
[[nodiscard]] launcher::VolumeLogRecord log_record(const ChangeTime& time) noexcept;

/// A record that is cut off at the end is passed over: who writes it has not changed anything yet.
/// \return nothing if it is damaged
[[nodiscard]] std::optional<IndexLog> read_log(std::string_view bytes);

}  // namespace dunnage::volume
