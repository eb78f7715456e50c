// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A host whose every setting is another than a program expects, and how it was before and is afterwards.

#include "support/host.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace dunnage::test {

inline constexpr const char* kHostSecret = "the-secret-of-the-host";
inline constexpr const char* kHostKey = "dunnage-test-key";

/// Changes all that a process passes on to those it starts, as far as this user may: what could not be changed is in
/// the answer, by name. For a process of the test's own. \param directory  becomes the working directory
[[nodiscard]] std::vector<std::string> become_dirty(const std::filesystem::path& directory);

/// host_state(), and what only a dirty host has: scheduling, memory policy, keyrings, ...
[[nodiscard]] HostState dirty_host_state();

}  // namespace dunnage::test
