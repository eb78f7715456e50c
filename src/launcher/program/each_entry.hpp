// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// All that is in a directory, in no order.

#include "launcher/directory_entry.hpp"
#include "launcher/program/system.hpp"

namespace dunnage::launcher {

/// Calls `visit(const DirectoryEntry&)` for all but the dots, until it answers something else than 0.
/// \param directory  read from where its position is \param buffer  aligned to 8; `visit` must not use it
/// \return that answer, 0 at the end, or -errno
template <size_t Size, typename Visit>
long each_entry(int directory, char (&buffer)[Size], Visit&& visit) noexcept {
  for (;;) {
    const long size = raw_syscall(__NR_getdents64, directory, as_argument(buffer), static_cast<long>(Size));
    if (size <= 0) {
      return size;
    }
    for (long position = 0; position < size;) {
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer + position);
      position += entry->size;
      if (const long result = is_dots(entry->name) ? 0 : visit(*entry); result != 0) {
        return result;
      }
    }
  }
}

}  // namespace dunnage::launcher
