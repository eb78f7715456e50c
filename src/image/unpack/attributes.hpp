// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which extended attributes of an archive a file gets. What comes from a stream decides nothing of the host, and
/// nothing of the overlay the file will be in:
///
///     user.*                                      set
///     system.posix_acl_access, _default           set; ordinary users have the ids in them mapped
///     security.capability                         set; see Capability
///     user.overlay.*, trusted.*, other security.* left out, and counted

#include "image/unpack/entry.hpp"
#include "launcher/identity.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

enum class AttributeKind { User, AccessControl, Capability, Forbidden };

[[nodiscard]] AttributeKind kind_of_attribute(std::string_view name) noexcept;

/// An access control list with the ids as this process has to write them. Nothing if one of them does not exist for
/// `identity`. Throws: Fault(image_invalid) if it is none.
[[nodiscard]] std::optional<std::string> mapped_access_control(const std::string& value,
                                                               const launcher::Identity& identity);

/// The id outside for one inside.
[[nodiscard]] std::optional<std::uint32_t> outside_of(const std::vector<launcher::IdRange>& map, std::uint32_t inside);
/// The id inside for one outside.
[[nodiscard]] std::optional<std::uint32_t> inside_of(const std::vector<launcher::IdRange>& map, std::uint32_t outside);

enum class SetResult { Done, NotHere };

/// Sets an attribute. NotHere: this file system, or this kind of file, has no such attributes.
/// \param fd  open for more than O_PATH, or `by_path` is true
/// Throws: Fault(image_invalid) if the kernel finds the value malformed; CallError.
[[nodiscard]] SetResult set_attribute(int fd, bool by_path, const ExtendedAttribute& attribute);

/// Sets those of one kind. Those of the kind User need write permission, so they come before the mode; those of the
/// kind AccessControl come after it, for it changes them. \return how many of them are NotHere
[[nodiscard]] std::uint64_t set_attributes(int fd, bool by_path, const std::vector<ExtendedAttribute>& attributes,
                                           AttributeKind kind);

/// The attributes of a directory of another layer that a directory made in its place has to have as well.
[[nodiscard]] std::vector<ExtendedAttribute> attributes_of(int directory);

}  // namespace dunnage::image
