// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the checks of a store have in common.

#include <dunnage/store_report.hpp>

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "volume/failure.hpp"

#include <sys/stat.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::volume {

/// What is at a name, without opening it: a FIFO is not waited for, a device does nothing, a link is not followed.
struct Entry {
  kernel::FileDescriptor file{};  ///< O_PATH
  struct stat status {};

  [[nodiscard]] bool is_file() const noexcept { return S_ISREG(status.st_mode); }
  [[nodiscard]] bool is_directory() const noexcept { return S_ISDIR(status.st_mode); }
};

/// Nothing if there is none. \param crossing  whether a disk may be mounted there. Throws: CallError.
[[nodiscard]] std::optional<Entry> look_at(int directory, const std::string& name, bool may_be_mount = false);

/// "a symbolic link", "a FIFO"
[[nodiscard]] std::string kind_of(const struct stat& status);

/// What is wrong with what has to be a file: "it is missing", "it is a FIFO, not a file". Empty if it is one.
[[nodiscard]] std::string file_problem(const std::optional<Entry>& entry);

/// Whether it was last changed, or moved where it is, longer ago than `grace`. Not if the clock was set back since.
[[nodiscard]] bool is_older(const struct stat& status, std::chrono::milliseconds grace) noexcept;

/// Whether somebody holds the lock of that file. Of a store that may only be read, too. Throws: CallError.
[[nodiscard]] bool is_held(int directory, const std::string& name);

/// What is wrong with a directory that has to be this user's alone. Empty if nothing is.
struct PrivacyFault {
  std::string problem;  ///< empty: none
  std::string remedy;
  bool repairable = false;  ///< by closing it, or opening it for its owner
};
[[nodiscard]] PrivacyFault privacy_fault(const struct stat& status);

/// A repair: what `entry` is becomes this user's alone, with mode 0700 for a directory and 0600 for a file.
/// \return what was done. Throws: CallError.
[[nodiscard]] std::string make_private(const Entry& entry);

/// A finding, and what repairs it.
struct StoreFault {
  StoreFinding finding;
  /// Repairs it; says what it has done, nothing if it has changed nothing. Throws: CallError, Error.
  /// Empty if it cannot be repaired. Lives as long as what was looked at.
  std::function<std::string()> repair{};
};
using StoreFaults = std::vector<StoreFault>;

/// What `look` finds. A CallError that is not of this process keeps it from looking at this one, and from nothing else:
/// that is the fault then, as `unseen` with a problem and a remedy. Throws: CallError.
[[nodiscard]] StoreFaults faults_or_reason(StoreFinding unseen, const std::function<StoreFaults()>& look);

/// Does `look`. \return in words what kept this process from looking at it, and from nothing else; empty: nothing
/// Throws: CallError that is of this process, and what else `look` throws.
template <typename Look>
[[nodiscard]] std::string what_keeps_from(Look&& look) {
  try {
    look();
    return {};
  } catch (const kernel::CallError& error) {
    if (is_of_this_process(error.code().value())) {
      throw;
    }
    return error.what();
  }
}

/// The findings alone.
[[nodiscard]] std::vector<StoreFinding> findings_of(StoreFaults faults);
/// Repairs what can be repaired. What fails says so in its remedy, and stops nothing else.
[[nodiscard]] std::vector<StoreFinding> repaired(StoreFaults faults);

[[nodiscard]] StoreReport report_of(std::vector<StoreFinding> findings);

/// Gives `name` in `directory` another one beside it, "<name>.damaged-1", if it still is `entry`.
/// \return the new name; nothing if it is another one by now. Throws: CallError.
[[nodiscard]] std::optional<std::string> set_aside(int directory, const std::string& name, const Entry& entry);
/// The same, and the name stays as well until something is renamed onto it. For regular files.
[[nodiscard]] std::optional<std::string> keep_beside(int directory, const std::string& name, const Entry& entry);

}  // namespace dunnage::volume
