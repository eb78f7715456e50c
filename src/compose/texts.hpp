// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The texts a project is read from, and the way to refuse a part of one.

#include <dunnage/project.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::compose {

/// A part of a text, in bytes. File 0 is none.
struct Mark {
  std::uint32_t file = 0;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
};

/// What one project may cost in all. Everything that multiplies (aliases, `extends`, ranges of ports, variables in
/// variables) is paid for before it is made.
struct Limits {
  static constexpr std::size_t kFileBytes = std::size_t{1} << 20U;
  static constexpr std::size_t kAllBytes = std::size_t{16} << 20U;
  static constexpr std::size_t kFiles = 100;
  static constexpr std::size_t kNodes = 100'000;
  static constexpr std::size_t kDeepest = 64;
  static constexpr std::size_t kServices = 1'000;
};

class Texts {
 public:
  Texts();

  /// Keeps a text for messages. \param name how messages call it \return its number
  std::uint32_t add(std::string name, std::string text);
  [[nodiscard]] const std::string& text(std::uint32_t file) const { return files_.at(file).text; }
  [[nodiscard]] const std::string& name(std::uint32_t file) const { return files_.at(file).name; }
  [[nodiscard]] ProjectPlace place(Mark mark) const;

  /// \param path "services.web.image"; may be empty
  [[noreturn]] void refuse(Mark mark, std::string path, std::string cause, std::string remedy,
                           errc code = errc::invalid_spec) const;

  /// Throws: ProjectError(limit_exceeded) at the mark when there is no more to be had.
  void spend_nodes(std::size_t count, Mark mark);
  void spend_bytes(std::size_t count, Mark mark);

 private:
  struct File {
    std::string name;
    std::string text;
    std::vector<std::size_t> lines;  ///< where each begins
  };
  [[nodiscard]] std::size_t line_of(Mark mark) const;

  std::vector<File> files_;
  std::size_t nodes_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace dunnage::compose
