// SPDX-License-Identifier: Apache-2.0
#include "transfer/compressor.hpp"

#include "image/failure.hpp"
#include "image/unpack/archive_handle.hpp"
#include "kernel/call_error.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <new>
#include <utility>

namespace dunnage::transfer {
namespace {

constexpr int kPackedBlock = 256 << 10;

}  // namespace

Compressor::Compressor(ArchiveCompression compression, Write write) : write_{std::move(write)} {
  if (compression != ArchiveCompression::None) {
    open(compression);
  }
}

void Compressor::open(ArchiveCompression compression) {
  writer_.reset(::archive_write_new());
  const image::ArchiveEntryHandle content{::archive_entry_new()};
  if (!writer_ || !content) {
    throw std::bad_alloc{};
  }
  const int added = compression == ArchiveCompression::Gzip ? ::archive_write_add_filter_gzip(writer_.get())
                                                            : ::archive_write_add_filter_zstd(writer_.get());
  if (added != ARCHIVE_OK) {  // a warning says that another program would do the work
    throw image::Fault{errc::not_supported,
                       fmt::format("libarchive cannot pack it: {}", image::words_of(writer_.get())),
                       "use a libarchive built with zlib and libzstd"};
  }
  if (compression == ArchiveCompression::Gzip) {
    require(::archive_write_set_filter_option(writer_.get(), "gzip", "timestamp", nullptr));
  }
  require(::archive_write_set_format_raw(writer_.get()));
  require(::archive_write_set_bytes_per_block(writer_.get(), kPackedBlock));
  require(::archive_write_set_bytes_in_last_block(writer_.get(), 1));
  require(::archive_write_open(writer_.get(), this, nullptr, &Compressor::supply, nullptr));
  ::archive_entry_set_filetype(content.get(), AE_IFREG);
  ::archive_entry_set_pathname(content.get(), "data");
  require(::archive_write_header(writer_.get(), content.get()));
}

la_ssize_t Compressor::supply(archive* /*writer*/, void* self, const void* data, std::size_t size) noexcept {
  auto& own = *static_cast<Compressor*>(self);
  try {
    own.write_({static_cast<const char*>(data), size});
    return static_cast<la_ssize_t>(size);
  } catch (...) {
    own.failure_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

void Compressor::require(la_ssize_t result) {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  if (result < ARCHIVE_OK) {
    throw kernel::CallError{"pack", ::archive_errno(writer_.get()) == ENOMEM ? ENOMEM : EIO};
  }
}

void Compressor::add(std::string_view bytes) {
  if (!writer_) {
    write_(bytes);
    return;
  }
  while (!bytes.empty()) {
    const la_ssize_t taken = ::archive_write_data(writer_.get(), bytes.data(), bytes.size());
    require(taken);
    bytes.remove_prefix(static_cast<std::size_t>(taken));
  }
}

void Compressor::finish() {
  if (writer_) {
    require(::archive_write_close(writer_.get()));
  }
}

}  // namespace dunnage::transfer
