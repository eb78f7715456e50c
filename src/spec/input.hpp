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

[[nodiscard]] constexpr Span at_least_one(Span span) noexcept {
  return {span.column, span.length == 0 ? 1 : span.length};
}

/// A view of a part of the text, or of what it says once quotes are taken off, and its place.
struct Piece {
  std::string_view text{};
  Span span{};
};

/// A view; the texts must outlive it.
class Input {
 public:
  /// \param noun   "volume spec", "mount spec" and so on: how messages call it
  /// \param whole  what the caller gave; \param begin  where in it the value begins, the flag's name coming before
  /// Throws: SpecError if the text is longer than kLongestText.
  Input(std::string_view noun, std::string_view whole, std::size_t begin = 0);

  /// A part of another input that is read by a grammar of its own. \param text what it says; \param begin where it
  /// stands
  Input(const Input& outer, std::string_view text, std::size_t begin) noexcept;

  [[nodiscard]] std::string_view text() const noexcept { return text_; }
  [[nodiscard]] Span end() const noexcept { return {text().size(), 1}; }
  [[nodiscard]] Span all() const noexcept { return {0, text().size()}; }

  /// \param code not_supported for what is understood and cannot be done
  [[noreturn]] void refuse(Span part, SpecRefusal refusal, std::string cause, std::string remedy,
                           errc code = errc::invalid_spec) const;

 private:
  std::string_view noun_;
  std::string_view whole_;
  std::string_view text_;
  std::size_t begin_;
};

/// How much of a text of the caller's is shown in a message.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace dunnage::spec
