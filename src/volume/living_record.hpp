// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A record that says something as long as somebody holds its lock: the file of whoever uses a volume or an image.

#include <optional>
#include <string>

namespace dunnage::volume {

/// What it says; empty while it is being written, or if it cannot be read. Nothing for a file nobody locks, which is
/// stale and deleted, or for one that is gone. Throws: CallError.
[[nodiscard]] std::optional<std::string> read_living_record(int directory, const std::string& file);

}  // namespace dunnage::volume
