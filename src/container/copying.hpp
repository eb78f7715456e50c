// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What copying files and packing archives have in common.

#include "container/copy.hpp"
#include "kernel/call_error.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/look.hpp"

#include <cstdint>
#include <string>
#include <system_error>

namespace dunnage::container {

/// A path as it was written, and what its end says.
struct CopyPath {
  explicit CopyPath(std::string text);
  /// It has a name of its own; "/", "." and ".." have not.
  [[nodiscard]] bool named() const { return !leaf.empty() && leaf != "." && leaf != ".."; }

  std::string path;  ///< without slashes and dots at its end
  std::string parent;
  std::string leaf;
  bool content = false;  ///< it ends in "/."
  bool slash = false;    ///< it has to be a directory
};

enum class CopyKind { Absent, Directory, Other };

[[nodiscard]] CopyKind kind_of(std::uint32_t mode) noexcept;

/// What is copied out of a place.
struct CopySource {
  CopyPath path;
  launcher::Follow follow = launcher::Follow::No;
  CopyKind kind = CopyKind::Absent;
};

/// A copy into or out of a place, and how it fails.
class Copying {
 public:
  /// \param place, options  outlive this
  Copying(const CopyPlace& place, const CopyOptions& options, std::string detail)
      : place_{place}, options_{options}, detail_{std::move(detail)} {}

  [[noreturn]] void fail(std::string cause, std::error_code code, std::string remedy) const;
  [[noreturn]] void fail(std::string cause, int number, std::string remedy) const {
    fail(std::move(cause), std::error_code{number, std::system_category()}, std::move(remedy));
  }
  [[noreturn]] void fail(const launcher::WorkOutcome& outcome) const;
  [[noreturn]] void fail(const kernel::CallError& error) const;

  /// What is at a path of the place. Throws for anything but that nothing is there.
  CopyKind look(const std::string& path, launcher::Follow follow, launcher::Look& found) const;
  /// Something that is there. An empty text is "/".
  [[nodiscard]] CopySource source(const std::string& written) const;
  void run(launcher::TreeCopy copy) const;
  /// Has the launcher do a part of it; a call of this process that fails meanwhile fails the copy.
  template <typename Ask>
  [[nodiscard]] launcher::WorkOutcome outcome_of(Ask&& ask) const {
    try {
      return ask();
    } catch (const kernel::CallError& error) {
      fail(error);
    }
  }

  [[nodiscard]] const CopyPlace& place() const noexcept { return place_; }
  [[nodiscard]] const CopyOptions& options() const noexcept { return options_; }

 private:
  [[nodiscard]] std::string read_only_remedy() const;

  const CopyPlace& place_;
  const CopyOptions& options_;
  std::string detail_;
};

}  // namespace dunnage::container
