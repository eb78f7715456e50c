// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Podman keeps the words of a mount as a list, checks them twice, and completes the list with its defaults.

#include "spec/draft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {

/// The first check, of `-v` and of `--mount type=bind`: one word of each group; `cached` and `delegated` are dropped.
/// Throws: SpecError.
[[nodiscard]] std::vector<std::string> check_podman_words(const Input& input, const std::vector<Piece>& words,
                                                          SpecType type, bool own);

/// The second check, of volumes and tmpfs, and the list in the end. Throws: SpecError, at the stage "create".
[[nodiscard]] std::vector<std::string> complete_podman_words(const Input& input, const std::vector<std::string>& words,
                                                             bool tmpfs, const Rules& rules);

/// Reads what the words say into the members of the mount: access, propagation, copying.
void read_podman_words(SpecMount& mount);

/// The path in the container as Podman checks it. Throws: SpecError(MissingTarget, TargetNotAbsolute).
void check_podman_target(const Input& input, std::string_view text, Span span, const Rules& rules);

/// A host path: absolute and there, or as it was written for this library's own reading.
[[nodiscard]] std::string podman_host_path(const Input& input, const Piece& source, const Rules& rules);

[[nodiscard]] bool has_word(const std::vector<std::string>& words, std::string_view word) noexcept;

}  // namespace dunnage::spec
