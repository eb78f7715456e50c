// SPDX-License-Identifier: Apache-2.0
#include "container/removal.hpp"

#include <dunnage/error.hpp>

#include "kernel/files.hpp"
#include "model/volume_name.hpp"
#include "volume/removal.hpp"
#include "volume/trash.hpp"

namespace dunnage::container {

void take_away(const volume::Layout& layout, int containers, const std::string& name, int record) {
  if (!kernel::is_at(containers, name, record)) {
    return;
  }
  const kernel::FileDescriptor trash = layout.open_trash();
  if (const auto trashed = volume::move_to_trash(containers, name, trash.get())) {
    try {
      kernel::sync(containers);
    } catch (...) {
      // not acknowledged, so it must not be gone; if it cannot be put back either, the caller knows of the failure
      (void)kernel::rename_exclusively(trash.get(), *trashed, containers, name);
      throw;
    }
    volume::delete_from_trash(trash.get(), *trashed);
  }
}

void remove_volumes(const volume::Layout& layout, const std::vector<std::string>& names) {
  const kernel::FileDescriptor trash = layout.open_trash();
  for (const std::string& name : names) {
    if (!model::is_valid_volume_name(name)) {
      continue;
    }
    try {
      const std::string trashed = volume::take_out(layout, name, trash.get());
      kernel::sync(layout.volumes.get());
      volume::delete_from_trash(trash.get(), trashed);
    } catch (const VolumeError& error) {
      if (error.code() != errc::volume_missing && error.code() != errc::volume_in_use) {
        throw;
      }
    }
  }
}

}  // namespace dunnage::container
