// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Tests that change the machine's mounts do so in a process with mounts of its own, which end with it. Nothing of
/// Catch2 works there: what is wrong is thrown.

#include <filesystem>
#include <functional>
#include <string>

namespace dunnage::test {

/// Throws: std::runtime_error, with `what`, if it is not so.
void require(bool so, const std::string& what);
/// The same with both texts.
void expect(const std::string& seen, const std::string& expected);

/// Runs `work` in a copy of this process with mounts of its own, of this propagation (MS_SHARED). True if it threw
/// nothing.
[[nodiscard]] bool with_own_mounts(unsigned long propagation, const std::function<void()>& work);

/// Makes a directory if there is none, and mounts memory there.
void mount_memory(const std::filesystem::path& place);

}  // namespace dunnage::test
