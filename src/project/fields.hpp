// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which field of a service has changed since its container was made. The container's label has a digest of each field,
/// so that it tells the name of what differs and nothing of what it was.

#include <dunnage/project.hpp>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::project {

/// Digests by the names of fields, as in the files: "image", "command", "environment.PORT", "volumes". A field that
/// says what it says by default is left out.
using Fields = std::map<std::string, std::string>;

[[nodiscard]] Fields fields_of(const Service& service);

[[nodiscard]] std::string encode_fields(const Fields& fields);
/// Nothing is in it if the text is not what encode_fields() writes.
[[nodiscard]] Fields decode_fields(std::string_view text);

/// The names of those that were added, changed or removed, sorted.
[[nodiscard]] std::vector<std::string> difference(const Fields& before, const Fields& now);

}  // namespace dunnage::project
