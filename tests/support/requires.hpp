// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a test needs, and skipping when it is not there. Nothing is thrown: a test says
///
///     if (!dunnage::test::requires_root()) return;
///
/// and returns. The reason is printed; a program in which every test that ran was skipped exits with 77, which ctest
/// reports as skipped (each test runs in a process of its own there). tests/support/check_rings.py fails a run in
/// which all tests of a ring were skipped.

#include <string_view>

namespace dunnage::test {

inline constexpr int kSkipExitCode = 77;

/// Records that the running test case is skipped, and why. The caller returns.
void skip(std::string_view why);

/// Test cases that called skip().
[[nodiscard]] int skipped_count() noexcept;

/// Each is true if the need is met; otherwise it has called skip().
[[nodiscard]] bool requires_root();
[[nodiscard]] bool requires_ordinary_user();
/// This user can make a user namespace and mount in it.
[[nodiscard]] bool requires_user_namespace();
/// newuidmap, newgidmap and ids for this user in /etc/subuid and /etc/subgid (or this is root).
[[nodiscard]] bool requires_id_range();
/// The opposite: an ordinary user who has only the own id.
[[nodiscard]] bool requires_single_id();
/// A program in PATH, or below the places where distributions hide PostgreSQL's.
[[nodiscard]] bool requires_program(std::string_view name);

}  // namespace dunnage::test
