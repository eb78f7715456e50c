// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How a resolved mount is put in words.

#include <dunnage/mount_plan.hpp>

#include <cstdint>
#include <string>

namespace dunnage::plan {

/// `"/srv/conf"`, `"db-data" ("/var/lib/.../_data")`, `a new anonymous volume`, `memory`,
/// `"busybox" (0123456789ab), "bin" in it`
[[nodiscard]] std::string source_of(const ResolvedMount& mount);

/// `directory, read-only with the mounts below, nosuid, nodev, rprivate`
[[nodiscard]] std::string attributes_of(const ResolvedMount& mount);

/// `64 MiB`; a size that is no whole number of KiB as `65537 bytes`
[[nodiscard]] std::string size_in_words(std::uint64_t bytes);

}  // namespace dunnage::plan
