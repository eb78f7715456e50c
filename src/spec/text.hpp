// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Texts and paths as Go's standard library handles them, which the engines are written in. Nothing looks at a disk.

#include <cstddef>
#include <string>
#include <string_view>

namespace dunnage::spec {

/// Without Unicode's white space at either end.
[[nodiscard]] std::string_view trim_space(std::string_view text) noexcept;

/// Bytes of the first code point; 1 for a byte that is not UTF-8, 0 for an empty text.
[[nodiscard]] std::size_t length_of_first(std::string_view text) noexcept;
/// Whether the text is exactly one letter of any alphabet.
[[nodiscard]] bool is_one_letter(std::string_view text) noexcept;

/// Go's path.Clean: shortest lexical equivalent, "." for an empty one; relative paths stay relative.
[[nodiscard]] std::string clean(std::string_view path);
/// Whether clean(path) is "/", counting backslashes as slashes.
[[nodiscard]] bool is_root(std::string_view path);
/// Whether it begins with a slash or a backslash, as Docker's engine sees it.
[[nodiscard]] bool is_absolute(std::string_view path) noexcept;
/// Relative, not empty, and never above where it starts.
[[nodiscard]] bool is_local(std::string_view path);
/// `C:\x`, `C:/x` or `\\server\share`.
[[nodiscard]] bool is_windows_path(std::string_view text) noexcept;
/// clean(base + "/" + path); an absolute path is only cleaned.
[[nodiscard]] std::string absolute(std::string_view base, std::string_view path);

}  // namespace dunnage::spec
