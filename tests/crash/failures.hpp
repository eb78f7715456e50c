// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// System calls that fail, and what has to come of it: the operation is done, or it says in one sentence what failed
/// and has changed nothing; the process keeps nothing of it, and a second try works.

#include "crash/bench.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::test {

/// All ways in which these calls can fail. A signal does not come for ever, so EINTR comes once.
/// \param maker  who makes them
[[nodiscard]] std::vector<CallFault> failures_of(const std::vector<long>& calls,
                                                 CallFault::Maker maker = CallFault::Maker::Anybody);

/// Whose calls fail unless a test asks for others.
[[nodiscard]] CallFault::Maker maker_of(const Bench& bench) noexcept;

/// What the process holds now and did not hold before. The launcher's connection may have been made anew.
[[nodiscard]] std::string leaks_since(const ProcessSnapshot& before);

/// Has that call fail, and checks what comes of it.
Verdict fail_at(const Bench& bench, const CallFault& fault);

/// Has some calls of each operation fail, in a place of each kind. \param usual  how many; see crashes_of_each()
void fail_each(const std::vector<StoreOperation>& operations, std::size_t usual,
               std::optional<CallFault::Maker> maker = std::nullopt);

}  // namespace dunnage::test
