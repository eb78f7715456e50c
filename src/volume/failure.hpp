// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The sentences of the store's errors.

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "launcher/work.hpp"
#include "volume/claim.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

/// Whether a failure is one of this process or machine, and says nothing about what was looked at.
[[nodiscard]] bool is_of_this_process(int number) noexcept;

/// What one can do when a call on the store's disk fails with this errno.
[[nodiscard]] std::string remedy_for(int number);

/// A system call failed while `operation` was done to `subject`; the remedy follows from its number.
[[nodiscard]] VolumeError call_failure(std::string operation, std::string subject, const kernel::CallError& error);

/// Work on files did not come to its end.
[[nodiscard]] VolumeError work_failure(std::string operation, std::string subject, std::string detail,
                                       const launcher::WorkOutcome& outcome);

[[nodiscard]] VolumeError missing_failure(std::string operation, const std::string& name,
                                          const std::vector<std::string>& known_names);
[[nodiscard]] VolumeError in_use_failure(std::string operation, const std::string& name,
                                         std::vector<std::string> users);
/// Containers whose claims exclude this one.
[[nodiscard]] VolumeError excluded_failure(std::string operation, const std::string& name, Claim claim,
                                           std::vector<std::string> users);
[[nodiscard]] VolumeError protected_failure(std::string operation, const std::string& name);
[[nodiscard]] VolumeError anonymous_protection_failure(std::string operation, const std::string& name);
[[nodiscard]] VolumeError bad_name_failure(std::string operation, const std::string& name);

/// Runs `work`, and turns a failed system call into the store's own error.
template <typename Work>
auto explained(const char* operation, const std::string& subject, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw call_failure(operation, subject, error);
  }
}

/// `"a", "b" and "c"`
[[nodiscard]] std::string quoted_list(const std::vector<std::string>& names);

}  // namespace dunnage::volume
