// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The one reader of tar archives: ustar, pax and GNU, by libarchive. What it does not understand is an error.

#include "image/unpack/archive_handle.hpp"
#include "image/unpack/c_locale.hpp"
#include "image/unpack/entry.hpp"
#include "image/unpack/layer_stream.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string_view>

struct archive_entry;

namespace dunnage::image {

/// Content of a file: bytes, and where in the file they belong.
struct Extent {
  std::string_view bytes;
  std::int64_t offset = 0;
};

/// To be used by the thread that made it. Names are bytes here, whatever the locale of the host program is.
class TarReader {
 public:
  /// What an archive may end with. Some tools leave out what fills up the last block, as Go's reader does not miss it;
  /// that can be told from a file that was cut off where a digest tells it.
  enum class Ending { Whole, Digested };

  /// \param stream  outlives this
  explicit TarReader(LayerStream& stream, Ending ending = Ending::Whole);
  TarReader(const TarReader&) = delete;
  TarReader& operator=(const TarReader&) = delete;

  /// Reads the next entry, passing over what was not read of the one before. \return false at the end of the archive
  /// Throws: Fault(image_invalid, limit_exceeded), what the stream throws.
  [[nodiscard]] bool next(Entry& entry);
  /// The next piece of the entry's content, valid until the next call. \return false at its end
  [[nodiscard]] bool read(Extent& extent);
  /// Reads the stream to its end. Zeros may follow the archive, nothing else.
  void finish();

 private:
  void take(archive_entry* from, Entry& entry) const;
  [[noreturn]] void fail();
  static la_ssize_t supply(archive* reader, void* self, const void** block) noexcept;

  LayerStream& stream_;
  CLocale locale_;
  std::string_view block_;
  std::uint64_t before_block_ = 0;  ///< bytes of the stream in front of block_
  std::uint64_t headers_ = 0;       ///< bytes that were taken for the headers of the current entry
  Ending ending_;
  bool in_headers_ = true;
  bool in_entry_ = false;  ///< its content may not have been read
  std::exception_ptr failure_;
  ArchiveHandle reader_;
};

}  // namespace dunnage::image
