// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which extended attributes are a file's own.

#include "launcher/program/entry.hpp"

namespace dunnage::launcher {

/// Whether an attribute belongs to the file, and so into a copy or an archive of it: labels, signatures and the like
/// are the machine's, and marks of overlays would hide files.
[[nodiscard]] bool is_of_archive(const char* name) noexcept;

/// Calls `act(const char* name)` for each of those, until it answers other than 0. \param size  of the names, as
/// list_attributes() answers \return that answer, or 0, or -errno of listing them
template <typename Act>
long each_attribute(const char* names, long size, Act&& act) noexcept {
  if (size < 0) {
    return size == -EOPNOTSUPP ? 0 : size;
  }
  for (long position = 0; position < size;) {
    const char* name = names + position;
    position += static_cast<long>(text_size(name)) + 1;
    const long answer = is_of_archive(name) ? act(name) : 0;
    if (answer != 0) {
      return answer;
    }
  }
  return 0;
}

}  // namespace dunnage::launcher
