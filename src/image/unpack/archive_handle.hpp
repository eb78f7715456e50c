// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An owned reader of libarchive. It is asked to read only; its writer to disk works by paths and is not used.

#include <archive.h>

#include <memory>
#include <new>
#include <string>

namespace dunnage::image {

struct FreeArchive {
  void operator()(archive* reader) const noexcept { (void)::archive_read_free(reader); }
};
using ArchiveHandle = std::unique_ptr<archive, FreeArchive>;

[[nodiscard]] inline ArchiveHandle make_archive_reader() {
  ArchiveHandle reader{::archive_read_new()};
  if (!reader) {
    throw std::bad_alloc{};
  }
  return reader;
}

/// What libarchive has to say about its last failure.
[[nodiscard]] inline std::string words_of(archive* reader) {
  const char* words = ::archive_error_string(reader);
  return words != nullptr ? words : "no reason given";
}

}  // namespace dunnage::image
