// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The sentences of the errors of records.

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"

#include <string>
#include <system_error>
#include <utility>
#include <vector>

namespace dunnage::container {

/// What every error of a record has: what was to be done, and to which container.
struct Deed {
  Stage stage = Stage::Store;
  std::string operation;
  std::string subject;
};

[[nodiscard]] LaunchError failure(const Deed& deed, std::string cause, std::error_code code, std::string remedy);
/// A system call failed; the remedy follows from its number.
[[nodiscard]] LaunchError call_failure(const Deed& deed, const kernel::CallError& error);
[[nodiscard]] LaunchError missing_failure(const Deed& deed, const std::vector<std::string>& known_names);
[[nodiscard]] LaunchError silent_failure(const Deed& deed);

/// Runs `work`, and turns a failed system call into an error that says what it was for.
template <typename Work>
auto explained(const Deed& deed, Work&& work) {
  try {
    return std::forward<Work>(work)();
  } catch (const kernel::CallError& error) {
    throw call_failure(deed, error);
  }
}

}  // namespace dunnage::container
