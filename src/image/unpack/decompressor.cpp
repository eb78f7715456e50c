// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/decompressor.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "kernel/call_error.hpp"

#include <archive.h>
#include <fmt/format.h>
#include <sys/types.h>
#include <unistd.h>

#include <cerrno>

namespace dunnage::image {
namespace {

constexpr std::size_t kInput = std::size_t{256} << 10U;
/// libarchive keeps the header of a gzip member in memory, and that has texts of any length in it.
constexpr std::uint64_t kMostWithoutOutput = std::uint64_t{4} << 20U;

std::size_t read_at(int fd, char* buffer, std::size_t size, std::uint64_t offset) {
  for (;;) {
    const ssize_t got = ::pread(fd, buffer, size, static_cast<off_t>(offset));
    if (got >= 0) {
      return static_cast<std::size_t>(got);
    }
    if (errno != EINTR) {
      throw kernel::CallError{"read", errno};
    }
  }
}

int filter_of(Compression compression) noexcept {
  switch (compression) {
    case Compression::None:
      return ARCHIVE_FILTER_NONE;
    case Compression::Gzip:
      return ARCHIVE_FILTER_GZIP;
    case Compression::Zstd:
      return ARCHIVE_FILTER_ZSTD;
    case Compression::Bzip2:
      return ARCHIVE_FILTER_BZIP2;
    case Compression::Xz:
      return ARCHIVE_FILTER_XZ;
    case Compression::Lz4:
      return ARCHIVE_FILTER_LZ4;
  }
  return ARCHIVE_FILTER_NONE;
}

}  // namespace

Decompressor::Decompressor(int blob, Compression compression, Sha256* packed) : blob_{blob}, packed_{packed} {
  if (compression != Compression::None) {
    open(compression);
  }
}

void Decompressor::open(Compression compression) {
  input_.resize(kInput);
  bounded_headers_ = compression == Compression::Gzip;
  reader_ = make_archive_reader();
  // Named, so that what is packed twice is not unpacked twice. A warning says that another program would do the work.
  if (::archive_read_append_filter(reader_.get(), filter_of(compression)) != ARCHIVE_OK) {
    throw Fault{errc::not_supported, fmt::format("libarchive cannot unpack it: {}", words_of(reader_.get())),
                "use a libarchive built with zlib, libzstd, libbz2, liblzma and liblz4"};
  }
  archive_entry* content = nullptr;
  if (::archive_read_support_format_raw(reader_.get()) != ARCHIVE_OK ||
      ::archive_read_support_format_empty(reader_.get()) != ARCHIVE_OK ||
      ::archive_read_open(reader_.get(), this, nullptr, &Decompressor::supply, nullptr) != ARCHIVE_OK) {
    fail();
  }
  const int result = ::archive_read_next_header(reader_.get(), &content);
  if (failure_ || (result != ARCHIVE_OK && result != ARCHIVE_EOF)) {
    fail();
  }
  empty_ = result == ARCHIVE_EOF;
}

la_ssize_t Decompressor::supply(archive* /*reader*/, void* self, const void** block) noexcept {
  auto& own = *static_cast<Decompressor*>(self);
  try {
    if (own.bounded_headers_ && own.taken_ - own.taken_at_output_ > kMostWithoutOutput) {
      throw Fault{errc::limit_exceeded, fmt::format("{} MiB of it unpack to nothing", kMostWithoutOutput >> 20U),
                  "make the image again"};
    }
    const std::size_t got = read_at(own.blob_, own.input_.data(), own.input_.size(), own.taken_);
    own.taken_ += got;
    if (own.packed_ != nullptr) {
      own.packed_->add(own.input_.data(), got);
    }
    *block = own.input_.data();
    return static_cast<la_ssize_t>(got);
  } catch (...) {
    own.failure_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

void Decompressor::fail() {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  if (::archive_errno(reader_.get()) == ENOMEM) {
    throw std::bad_alloc{};
  }
  throw malformed(fmt::format("it cannot be unpacked ({})", words_of(reader_.get())));
}

std::size_t Decompressor::read_plain(char* buffer, std::size_t size) {
  std::size_t used = 0;
  while (used < size) {
    const std::size_t got = read_at(blob_, buffer + used, size - used, taken_);
    if (got == 0) {
      break;
    }
    if (packed_ != nullptr) {
      packed_->add(buffer + used, got);
    }
    used += got;
    taken_ += got;
  }
  return used;
}

std::size_t Decompressor::read(char* buffer, std::size_t size) {
  if (!reader_) {
    return read_plain(buffer, size);
  }
  const la_ssize_t got = empty_ ? 0 : ::archive_read_data(reader_.get(), buffer, size);
  if (failure_ || got < 0) {  // where a member ends, a failure looks like the end of all to libarchive
    fail();
  }
  taken_at_output_ = taken_;
  if (static_cast<std::size_t>(got) < size) {
    check_end();
  }
  return static_cast<std::size_t>(got);
}

/// What follows the last member of a gzip file is passed over by libarchive, and other readers refuse it.
void Decompressor::check_end() {
  char more = 0;
  const auto used = static_cast<std::uint64_t>(::archive_filter_bytes(reader_.get(), -1));
  if (read_at(blob_, &more, 1, used) != 0) {
    throw malformed("there is something else behind what is packed");
  }
}

}  // namespace dunnage::image
