// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Short forms to long ones. What is of a type that no form has is left for the schema to refuse.

#include "compose/keys.hpp"
#include "compose/value.hpp"

namespace dunnage::compose {

/// The whole of a file. Throws: ProjectError.
void make_canonical(Texts& texts, Value& project);

/// The entries of `ports:` in long form; a range becomes several. Throws: ProjectError.
void make_ports_canonical(Texts& texts, Value& ports, const Path& path);
/// An entry of `volumes:` in long form. Throws: ProjectError.
void make_mount_canonical(const Texts& texts, Value& mount, const Path& path);

/// `TYPE: text` pieces: { {name: value}, … } in one value.
[[nodiscard]] Value make_map(Mark mark, std::initializer_list<std::pair<const char*, Value>> members);

}  // namespace dunnage::compose
