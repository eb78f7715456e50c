// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The files of a log, which the launcher rotates while it is read.

#include "container/logs.hpp"

#include <optional>

namespace dunnage::container {

/// Oldest first.
struct LogFiles {
  std::optional<LogFile> older;
  std::optional<LogFile> current;
};

/// Throws: kernel::CallError.
[[nodiscard]] LogFiles open_log_files(int record_directory);

/// The file that follows `files.current`, if there is one. What was delivered is never taken for what follows: the
/// files of a record that is removed vanish one by one. Throws: kernel::CallError.
[[nodiscard]] std::optional<LogFile> next_log_file(int record_directory, const LogFiles& files);

}  // namespace dunnage::container
