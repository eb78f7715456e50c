// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The first content of a volume whose data is not in the store: a directory of the host, or a file system on a disk or
/// in a file. It cannot come by one rename, for what it goes into is the top of something: it is copied into
/// `.dunnage-filling` in there, brought to the disk, called `.dunnage-filled`, and then moved out entry by entry.
///
/// So, other than in fill.hpp: whoever looks into the directory meanwhile without asking the store sees these names
/// and, for a moment, a part of the content. Who is killed while he copies leaves `.dunnage-filling`, which the next
/// one deletes; who is killed while he moves leaves `.dunnage-filled`, which the next one goes on with. An entry that
/// has appeared under the same name stays, and the one of the image is left out. In memory, which nobody else sees, it
/// is copied to its place at once.

#include "volume/fill.hpp"

#include <functional>
#include <string>

namespace dunnage::volume {

/// The top of the volume's data, writable; O_PATH will do. Below zero: there is none. It is asked for when the volume
/// is kept, so that no rollback makes a snapshot of what was opened: until the filling has ended, one is refused.
/// \param volume  its directory
using OpenTop = std::function<int(int volume)>;

/// Throws: as fill(), and as open_top; VolumeError(volume_missing, volume_in_use).
[[nodiscard]] Filled fill_elsewhere(const Layout& layout, const std::string& name, const OpenTop& open_top,
                                    const FillSource& source);

/// \param directory  empty, and nobody else's
/// Throws: as fill().
[[nodiscard]] Filled fill_memory(const std::string& name, int directory, const FillSource& source);

}  // namespace dunnage::volume
