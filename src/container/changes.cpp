// SPDX-License-Identifier: Apache-2.0
#include "container/changes.hpp"

#include "image/changes.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"

#include <fcntl.h>

#include <cerrno>

namespace dunnage::container {

kernel::FileDescriptor open_changes(const volume::Layout& layout) {
  kernel::FileDescriptor changes =
      kernel::open_beneath(layout.root.get(), "images/changes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!changes && errno != ENOENT) {
    throw kernel::CallError{"open changes", errno};
  }
  return changes;
}

void remove_changes(const volume::Layout& layout, const std::string& id) {
  const kernel::FileDescriptor changes = open_changes(layout);
  if (changes && model::is_valid_volume_name(id)) {  // the rule of names is the rule of ids
    image::remove_changes(changes.get(), id, layout.open_trash().get());
  }
}

void hold_changes(const volume::Layout& layout, const std::string& id) {
  if (const kernel::FileDescriptor changes = open_changes(layout)) {
    image::hold_changes(changes.get(), id);
  }
}

}  // namespace dunnage::container
