// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The flags. A `read_` function is the grammar: text to draft. A `complete_` function is the policy of the engine:
/// what the draft means after defaults, and whether it may be. Both throw SpecError.

#include "spec/draft.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace dunnage::spec {

inline constexpr std::string_view kVolumeNoun = "volume spec";
inline constexpr std::string_view kMountNoun = "mount spec";
inline constexpr std::string_view kTmpfsNoun = "tmpfs spec";
inline constexpr std::string_view kVolumesFromNoun = "volumes-from spec";
inline constexpr std::string_view kVolumeNameNoun = "volume name";
inline constexpr std::string_view kVolumeOptionNoun = "volume option";
inline constexpr std::string_view kComposeNoun = "compose volume";

[[nodiscard]] SpecMount docker_volume(const Input& input, const Rules& rules);
[[nodiscard]] SpecMount docker_mount(const Input& input, const Rules& rules);
[[nodiscard]] SpecMount docker_tmpfs(const Input& input, const Rules& rules);
[[nodiscard]] SpecMount podman_volume(const Input& input, const Rules& rules);
[[nodiscard]] SpecMount podman_mount(const Input& input, const Rules& rules);
[[nodiscard]] SpecMount podman_tmpfs(const Input& input, const Rules& rules);
/// After interpolation.
[[nodiscard]] SpecMount compose_short(const Input& input, const Rules& rules);

/// The checks of Docker's engine that `-v` and `--mount` share, in its order, and its defaults.
/// \param from_volume_flag the errors are those of `-v`, and a missing host path is made at start
[[nodiscard]] SpecMount complete_docker(const Input& input, Draft&& draft, const Rules& rules, bool from_volume_flag);

/// What creating a volume of that name checks. Empty: nothing to check.
void check_volume_name(const Input& input, const Piece& name, const Rules& rules, SpecStage stage);

/// Docker's rule for the words of a tmpfs: the last of a kind counts, in the order they were given.
/// Throws: SpecError(BadTmpfsOption).
[[nodiscard]] std::vector<std::string> merge_tmpfs_words(const Input& input, const std::vector<Piece>& words);

/// Where the word stands in the text; the whole text if it does not.
[[nodiscard]] Span find_span(const Input& input, std::string_view word) noexcept;

/// The mount of this library. \param input for the caret; null: the value's own text is shown
[[nodiscard]] Mount realise(const Input* input, SpecMount&& mount);

}  // namespace dunnage::spec
