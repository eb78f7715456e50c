// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Files and directories outside of everything a test uses, which no attack may read or change.
///
///     const dunnage::test::Canary canary;
///     ... attack, with links to canary.path() ...
///     CHECK_FALSE(canary.is_in(output));
///     canary.verify();

#include "support/temporary_directory.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace dunnage::test {

class Canary {
 public:
  /// In a directory of its own: `file`, `secret`, `null`, `ptmx` and `data/file`, which hold the mark, and the
  /// directories `data`, `dev`, `etc`, `new` (empty) and `pts`; of various modes, old, and all open to any user who
  /// gets there.
  Canary();

  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::filesystem::path path(std::string_view relative) const { return path_ / relative; }
  /// A link that climbs from any directory to the canary.
  [[nodiscard]] std::filesystem::path climbing() const;
  /// Whether its bytes are in what somebody else wrote.
  [[nodiscard]] bool is_in(std::string_view text) const { return text.find(mark_) != std::string_view::npos; }
  /// The lines of its tree that are new, and those that are gone: entries, modes, owners, times, sizes, contents and
  /// attributes. Empty if nothing changed.
  [[nodiscard]] std::string changes() const;
  /// CHECKs that there are none.
  void verify() const;

 private:
  TemporaryDirectory directory_;
  std::filesystem::path path_;
  std::string mark_;
  std::string before_;
};

}  // namespace dunnage::test
