// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The files a project names: read within the limits, and below its directory unless more is granted.

#include "compose/value.hpp"
#include "kernel/file_descriptor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::compose {

/// Who names a file, for messages and for what is allowed.
struct Asker {
  Mark mark{};
  Path path{};
  bool trusted = false;  ///< the caller of the library itself
};

class Files {
 public:
  /// \param directory of the project, absolute and clean
  Files(Texts& texts, std::string directory, bool host_paths);

  /// \param path absolute \return the number of its text, or nothing if there is no such file.
  /// Throws: ProjectError(not_granted, limit_exceeded), or if it cannot be read.
  [[nodiscard]] std::optional<std::uint32_t> find(const std::string& path, const Asker& asker);
  /// Throws: ProjectError(source_missing) as well.
  [[nodiscard]] std::uint32_t read(const std::string& path, const Asker& asker, std::string_view what);

  /// Throws: ProjectError(not_granted) if the path leaves the project's directory, by itself or by a link on the way.
  void check(const std::string& path, const Asker& asker, std::string_view what) const;

  [[nodiscard]] const std::string& directory() const noexcept { return directory_; }
  /// Below the directory if it is there, else as it is.
  [[nodiscard]] std::string name_of(const std::string& path) const;

 private:
  [[nodiscard]] std::optional<std::string> below(const std::string& path) const;
  [[noreturn]] void refuse_leaving(const std::string& path, const Asker& asker, std::string_view what) const;

  Texts& texts_;
  std::string directory_;
  bool host_paths_;
  kernel::FileDescriptor handle_{};
  std::size_t count_ = 0;
};

/// The path of the home followed by the rest, where it begins with "~"; below `base` if it is relative then.
[[nodiscard]] std::string absolute_path(std::string_view path, std::string_view base, std::string_view home);

/// The directory a file is in.
[[nodiscard]] std::string parent_of(const std::string& path);

}  // namespace dunnage::compose
