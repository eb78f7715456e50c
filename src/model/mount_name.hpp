// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a mount is called in messages.

#include <dunnage/error.hpp>
#include <dunnage/mount_set.hpp>

#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::model {

/// "bind mount", "volume", "tmpfs", "image"
[[nodiscard]] std::string_view noun_of(const Mount& mount) noexcept;
/// The host path, the name of the volume ("anonymous" without one) or image, or a tmpfs's target.
[[nodiscard]] std::string subject_of(const Mount& mount);
/// `-> "/etc/app"`; empty for a tmpfs, which its subject names already.
[[nodiscard]] std::string detail_of(const Mount& mount);
/// `bind mount "/srv/conf" -> "/etc/app"`
[[nodiscard]] std::string name_of(const Mount& mount);

/// The error about a mount, with these words in it.
[[nodiscard]] MountError mount_error(Stage stage, std::string_view verb, const Mount& mount, std::string cause,
                                     std::error_code code, std::string remedy);

}  // namespace dunnage::model
