// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A record that says something as long as somebody holds its lock: the file of whoever uses a volume or an image.

#include <optional>
#include <string>

namespace dunnage::volume {

/// Where a record that nobody holds any more goes.
struct StaleRecords {
  int directory = -1;          ///< none: they are deleted
  const char* name = nullptr;  ///< of the one that was held last
};

/// What it says; empty while it is being written, or if it cannot be read. Nothing for a file nobody locks, which is
/// stale and goes where `stale` says, or for one that is gone. Throws: CallError.
[[nodiscard]] std::optional<std::string> read_living_record(int directory, const std::string& file,
                                                            const StaleRecords& stale = {});

}  // namespace dunnage::volume
