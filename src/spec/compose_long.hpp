// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "spec/compose.hpp"

namespace dunnage::spec {

/// The key by which the entry replaces others; the first thing that is looked at. Throws: SpecError(MissingTarget).
[[nodiscard]] const std::string& long_target(const Input& input, const Tree& tree, const Node& mapping);

/// The long form, interpolated: checked by the schema, with its defaults. Throws: SpecError.
[[nodiscard]] ComposeEntry read_long_entry(const Input& input, const Tree& tree, const Node& mapping);

/// Paths and decoding, after all entries have been merged. Throws: SpecError.
void resolve_long_entry(const Input& input, const Tree& tree, const Node& mapping, ComposeEntry& entry,
                        const Rules& rules);

/// Booleans that may be texts, which are cast as soon as they are interpolated. Throws: SpecError(BadBool).
void check_casts(const Input& input, const Tree& tree, const Node& mapping);

}  // namespace dunnage::spec
