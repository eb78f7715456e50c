// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Writing a tar archive: pax where it has to be, plain ustar elsewhere.

#include <dunnage/image_store.hpp>

#include "image/archive_writer_handle.hpp"
#include "image/unpack/c_locale.hpp"
#include "image/watching.hpp"

#include <sys/stat.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::image {

struct TarStyle {
  bool exact = false;   ///< times in nanoseconds, and every hole; else in seconds, and holes where they save space
  bool living = false;  ///< files may change meanwhile: what became shorter is filled up with zeros, and counted
};

/// To be used by the thread that made it. All of it throws Fault(limit_exceeded, image_invalid), CallError, what
/// `write` throws.
class TarWriter {
 public:
  /// \param limits, watching, write  outlive this
  TarWriter(const ImageLimits& limits, Watching& watching, const std::function<void(std::string_view)>& write,
            TarStyle style = {});
  TarWriter(const TarWriter&) = delete;
  TarWriter& operator=(const TarWriter&) = delete;

  /// What every entry has; extended attributes are those of `file`, unless it is below zero.
  void begin(const std::string& name, const struct stat& status, int file);
  void add_attribute(const char* name, std::string_view value);
  void end();  ///< writes it

  /// Instead of end(): with the content of `file`, which is O_PATH or open for reading; holes stay holes.
  void end_with_content(int file, const struct stat& status);
  /// Instead of end(): as a further name of an entry that was written.
  void end_as_link_to(const std::string& name);
  /// Instead of end(): with where the link `file` leads to.
  void end_as_symbolic_link(int file);
  void end_as_symbolic_link(const std::string& target);

  void finish();
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Of the style `living`: files that were not the same after they were read.
  [[nodiscard]] std::uint64_t changed() const noexcept { return changed_; }

 private:
  static la_ssize_t supply(archive* writer, void* self, const void* data, std::size_t size) noexcept;
  void require(la_ssize_t result);
  void add_attributes(int file);
  void write_piece(int fd, la_int64_t offset, la_int64_t size);
  void look_for_change(int fd, const struct stat& before);
  void write_zeros(la_int64_t size);

  const ImageLimits& limits_;
  Watching& watching_;
  const std::function<void(std::string_view)>& write_;
  TarStyle style_;
  CLocale locale_;
  std::string name_;
  std::uint64_t size_ = 0;
  std::uint64_t changed_ = 0;
  std::vector<char> buffer_;
  std::exception_ptr failure_;
  ArchiveWriterHandle writer_;
  ArchiveEntryHandle entry_;
};

}  // namespace dunnage::image
