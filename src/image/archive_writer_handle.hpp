// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An owned writer of libarchive, and an owned entry.

#include <archive.h>
#include <archive_entry.h>

#include <memory>

namespace dunnage::image {

struct FreeArchiveWriter {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
  /// One that was not finished gets no end, so that nobody takes it for a whole one.
  void operator()(archive* writer) const noexcept {
    (void)::archive_write_fail(writer);
    (void)::archive_write_free(writer);
  }
};
using ArchiveWriterHandle = std::unique_ptr<archive, FreeArchiveWriter>;
using ArchiveEntryHandle = std::unique_ptr<archive_entry, FreeArchiveWriter>;

}  // namespace dunnage::image
