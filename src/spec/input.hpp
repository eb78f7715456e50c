// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The text that is being parsed, and the way to refuse a part of it.

#include <dunnage/error.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {

/// Longest text that is looked at. A real specification has some hundred bytes.
inline constexpr std::size_t kLongestText = std::size_t{64} << 10U;

/// A part of the text, in bytes from the beginning of Input::text().
struct Span {
  std::size_t column = 0;
  std::size_t length = 0;
};

/// A view; the texts must outlive it.
class Input {
 public:
  /// \param noun   "volume spec", "mount spec" or "tmpfs spec": how messages call it
  /// \param whole  what the caller gave; \param begin  where in it the value begins, the flag's name coming before
  /// Throws: SpecError if the text is longer than kLongestText.
  Input(std::string_view noun, std::string_view whole, std::size_t begin = 0);

  [[nodiscard]] std::string_view text() const noexcept { return whole_.substr(begin_); }
  [[nodiscard]] Span end() const noexcept { return {text().size(), 1}; }

  [[noreturn]] void refuse(Span part, std::string cause, std::string remedy, errc code = errc::invalid_spec) const;

 private:
  std::string_view noun_;
  std::string_view whole_;
  std::size_t begin_;
};

}  // namespace dunnage::spec
