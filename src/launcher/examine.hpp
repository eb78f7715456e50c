// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Looking at a path with the launcher's rights, and asking the kernel what a user of a container may do there.

#include "launcher/work.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::launcher {

struct AskedUser {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups{};
  std::uint64_t capabilities = 0;  ///< in effect for him
};

struct Examination {
  ExamineReport report{};
  std::string resolved{};  ///< where the path leads, or the part of it that exists; empty if the kernel has no name
  std::string target{};    ///< of a link at the end of the path that leads nowhere
  kernel::FileDescriptor found{};  ///< O_PATH
};

/// \param root  O_PATH will do; no link leads out of it
/// Filled when the outcome is done. Throws: as run_work().
[[nodiscard]] WorkOutcome examine(const Connection& connection, int root, const std::string& path,
                                  const AskedUser& user, Examination& examined, const Watch& watch);

}  // namespace dunnage::launcher
