// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is known of a volume whose metadata is not.

#include <dunnage/volume.hpp>

#include "volume/layout.hpp"

#include <optional>
#include <string>

namespace dunnage::volume {

struct Recovered {
  VolumeInfo info;
  std::string source;  ///< a clause: where it is from, and what is lost
};

/// What the index says, if it was made after the directory of the volume was, and after its metadata was changed last:
/// then it is about this one, whatever has been removed and made since, and whichever start of the kernel it is of.
/// Nothing where that cannot be told. Throws: CallError.
[[nodiscard]] std::optional<Recovered> recover_from_index(const Layout& layout, const std::string& name,
                                                          int volume_directory);

/// A volume of that name without labels, made when its directory was. Throws: CallError.
[[nodiscard]] Recovered default_metadata(const std::string& name, int volume_directory);

}  // namespace dunnage::volume
