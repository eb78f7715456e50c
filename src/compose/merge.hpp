// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One file over another, by the specification's rules (13-merge.md).

#include "compose/value.hpp"

#include <vector>

namespace dunnage::compose {

/// Puts `over` over `base`: mappings key by key, lists one after the other, and what has its own rule by that.
/// Both are canonical. \param path where both stand. Throws: ProjectError where the kinds do not go together.
void merge(const Texts& texts, Value& base, Value over, const Path& path = {});

/// Keeps one entry for each target, port, name and so on: the last one, in the place of the first.
/// Throws: ProjectError for an entry that has none.
void make_unique(const Texts& texts, Value& project);

/// Removes what stands at the places that a later file resets.
void apply_resets(Value& value, const std::vector<Path>& resets);
/// Those that are about something in what stands at `path`, seen from there.
[[nodiscard]] std::vector<Path> resets_below(const std::vector<Path>& resets, const Path& path);

}  // namespace dunnage::compose
