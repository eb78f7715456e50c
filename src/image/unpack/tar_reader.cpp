// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/tar_reader.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <new>
#include <string>

namespace dunnage::image {
namespace {

/// The names, the attributes and the map of the holes of one file.
constexpr std::size_t kTarBlock = 512;
constexpr std::uint64_t kMostHeaders = std::uint64_t{2} << 20U;

Fault headers_too_large() {
  return Fault{errc::limit_exceeded, "the headers of one of its files take more than 1 MiB",
               "make the image again, with shorter names, attributes or maps of holes"};
}

/// Every name that is not ASCII brings this warning in the C locale, and comes as the bytes it is.
bool is_about_charset(const std::string& words) { return words.find("current locale") != std::string::npos; }

Entry::Kind kind_of(archive_entry* from) {
  if (::archive_entry_hardlink(from) != nullptr) {
    return Entry::Kind::HardLink;
  }
  switch (::archive_entry_filetype(from)) {
    case AE_IFREG:
      return Entry::Kind::File;
    case AE_IFDIR:
      return Entry::Kind::Directory;
    case AE_IFLNK:
      return Entry::Kind::SymbolicLink;
    case AE_IFCHR:
      return Entry::Kind::CharacterDevice;
    case AE_IFBLK:
      return Entry::Kind::BlockDevice;
    case AE_IFIFO:
      return Entry::Kind::Fifo;
    default:
      throw malformed("it has an entry of a kind that nobody knows");
  }
}

void take_attributes(archive_entry* from, std::vector<ExtendedAttribute>& attributes) {
  attributes.clear();
  int left = ::archive_entry_xattr_reset(from);
  attributes.reserve(static_cast<std::size_t>(std::max(left, 0)));
  for (; left > 0; --left) {
    const char* name = nullptr;
    const void* value = nullptr;
    std::size_t size = 0;
    if (::archive_entry_xattr_next(from, &name, &value, &size) != ARCHIVE_OK || name == nullptr) {
      return;
    }
    attributes.push_back({name, std::string(static_cast<const char*>(value), size)});
  }
}

const char* text_or_fail(const char* text) {
  if (text == nullptr) {
    throw malformed("it has an entry without a name");
  }
  return text;
}

}  // namespace

TarReader::TarReader(LayerStream& stream, Ending ending)
    : stream_{stream}, ending_{ending}, reader_{make_archive_reader()} {
  if (::archive_read_support_format_tar(reader_.get()) != ARCHIVE_OK ||
      ::archive_read_support_format_empty(reader_.get()) != ARCHIVE_OK ||
      ::archive_read_open(reader_.get(), this, nullptr, &TarReader::supply, nullptr) != ARCHIVE_OK) {
    fail();
  }
}

la_ssize_t TarReader::supply(archive* /*reader*/, void* self, const void** block) noexcept {
  auto& own = *static_cast<TarReader*>(self);
  try {
    if (own.in_headers_ && own.headers_ > kMostHeaders) {
      throw headers_too_large();
    }
    own.before_block_ += own.block_.size();
    own.block_ = {};
    own.block_ = own.stream_.next();
    if (own.block_.empty() && own.ending_ == Ending::Digested && own.before_block_ % kTarBlock != 0) {
      static constexpr std::array<char, kTarBlock> kZeros{};
      own.block_ = {kZeros.data(), kTarBlock - own.before_block_ % kTarBlock};
    }
    own.headers_ += own.in_headers_ ? own.block_.size() : 0;
    *block = own.block_.data();
    return static_cast<la_ssize_t>(own.block_.size());
  } catch (...) {
    own.failure_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

void TarReader::fail() {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  if (::archive_errno(reader_.get()) == ENOMEM) {
    throw std::bad_alloc{};
  }
  const std::string words = words_of(reader_.get());
  if (words.find("too large") != std::string::npos || words.find("> 1MB") != std::string::npos) {
    throw headers_too_large();
  }
  throw malformed(fmt::format("it is not a well-formed tar archive ({})", error::printable(words)));
}

bool TarReader::next(Entry& entry) {
  archive_entry* from = nullptr;
  // done here, libarchive would do it while it is looking for headers, and the content would count as such
  if (in_entry_ && ::archive_read_data_skip(reader_.get()) != ARCHIVE_OK) {
    fail();
  }
  in_entry_ = false;
  headers_ = 0;
  in_headers_ = true;
  const int result = ::archive_read_next_header(reader_.get(), &from);
  in_headers_ = false;
  if (failure_) {  // a short block at the end looks like an end to libarchive
    std::rethrow_exception(failure_);
  }
  if (result == ARCHIVE_EOF) {
    return false;
  }
  if (result != ARCHIVE_OK && (result != ARCHIVE_WARN || !is_about_charset(words_of(reader_.get())))) {
    fail();
  }
  in_entry_ = true;
  take(from, entry);
  return true;
}

void TarReader::take(archive_entry* from, Entry& entry) const {
  entry.name = text_or_fail(::archive_entry_pathname(from));
  entry.kind = kind_of(from);
  entry.target.clear();
  if (entry.kind == Entry::Kind::HardLink) {
    entry.target = ::archive_entry_hardlink(from);
  } else if (entry.kind == Entry::Kind::SymbolicLink) {
    entry.target = text_or_fail(::archive_entry_symlink(from));
  }
  entry.mode = ::archive_entry_perm(from) & 07777U;
  entry.uid = ::archive_entry_uid(from);
  entry.gid = ::archive_entry_gid(from);
  entry.size = ::archive_entry_size(from);
  entry.modified = {::archive_entry_mtime(from), ::archive_entry_mtime_nsec(from)};
  entry.device_major = static_cast<std::uint64_t>(::archive_entry_rdevmajor(from));
  entry.device_minor = static_cast<std::uint64_t>(::archive_entry_rdevminor(from));
  take_attributes(from, entry.attributes);
}

bool TarReader::read(Extent& extent) {
  const void* bytes = nullptr;
  std::size_t size = 0;
  la_int64_t offset = 0;
  const int result = ::archive_read_data_block(reader_.get(), &bytes, &size, &offset);
  if (result == ARCHIVE_EOF) {
    return false;
  }
  if (failure_ || result != ARCHIVE_OK) {
    fail();
  }
  extent = {{static_cast<const char*>(bytes), size}, offset};
  return true;
}

void TarReader::finish() {
  const auto used = static_cast<std::uint64_t>(::archive_filter_bytes(reader_.get(), 0));
  std::string_view rest = block_.substr(std::min<std::size_t>(used - std::min(used, before_block_), block_.size()));
  do {
    if (rest.find_first_not_of('\0') != std::string_view::npos) {
      throw malformed("there is something else behind the archive");
    }
    rest = stream_.next();
  } while (!rest.empty());
}

}  // namespace dunnage::image
