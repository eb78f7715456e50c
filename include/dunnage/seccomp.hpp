// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which system calls a container's programs may make.
///
///     dunnage::Seccomp::standard()                  // what Docker forbids is forbidden; the default of a launch
///     dunnage::Seccomp::file("/etc/app/seccomp.json")  // a profile in Docker's format
///     dunnage::Seccomp::unconfined()                // no filter
///
/// A system call that a profile does not allow answers EPERM; one that is newer than the profile, or none at all,
/// answers ENOSYS, so that programs fall back on what is older. Programs of 32 bits are filtered as well, but what they
/// do by socketcall(2) no filter can look into. Which rules of a profile count depends on the capabilities a container
/// is given: with SYS_ADMIN the standard profile allows mount(2), too.

#include <dunnage/export.hpp>

#include <filesystem>
#include <string>
#include <string_view>

namespace dunnage {

/// A value; a file is not opened before launch(). Kernel: seccomp(2) with filters, Linux 3.17.
class DUNNAGE_API Seccomp {
 public:
  enum class Kind { Standard, Unconfined, File, Text };

  Seccomp() = default;  ///< standard()
  [[nodiscard]] static Seccomp standard();
  [[nodiscard]] static Seccomp unconfined();
  /// A profile of at most 1 MiB, read by launch(). The container keeps what it was then: restart() and exec() do not
  /// look at the file again.
  [[nodiscard]] static Seccomp file(std::filesystem::path path);
  /// The same as a text in JSON.
  [[nodiscard]] static Seccomp json(std::string text);
  /// Docker's words: "unconfined", "builtin" (and "default"), else the path of a file. Throws:
  /// LaunchError(invalid_argument) for an empty text.
  [[nodiscard]] static Seccomp parse(std::string_view text);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }  ///< of a file
  [[nodiscard]] const std::string& text() const noexcept { return text_; }  ///< of Text, and of a file that was read
  /// Reads the file, if it is one and was not read yet, and checks the profile for this machine.
  /// Throws: LaunchError(invalid_argument) naming the place in the profile, LaunchError with what opening it said.
  [[nodiscard]] Seccomp load() const;
  /// A file as if its content were this.
  [[nodiscard]] Seccomp with_text(std::string text) const;
  /// "default", "unconfined", the path, or "json".
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Seccomp&, const Seccomp&) = default;

 private:
  Kind kind_ = Kind::Standard;
  std::filesystem::path path_;
  std::string text_;
};

}  // namespace dunnage
