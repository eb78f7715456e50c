// SPDX-License-Identifier: Apache-2.0
#include "image/tar_writer.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/unpack/archive_handle.hpp"
#include "kernel/call_error.hpp"
#include "kernel/descriptor_path.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <new>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kTarChunk = std::size_t{256} << 10U;
constexpr std::size_t kLargestAttribute = 65536;
constexpr std::size_t kMostPieces = 10'000;  ///< of one file; what has more is written whole

using kernel::DescriptorPath;

struct Piece {
  la_int64_t offset;
  la_int64_t size;
};

/// Where there is data in a file.
std::vector<Piece> pieces_of(int fd, const struct stat& status, bool every_hole) {
  if (status.st_size == 0 || (!every_hole && status.st_blocks * 512 >= status.st_size)) {
    return {{0, status.st_size}};
  }
  std::vector<Piece> pieces;
  for (off_t at = 0; at < status.st_size;) {
    const off_t data = ::lseek(fd, at, SEEK_DATA);
    if (data < 0 || data >= status.st_size) {
      break;
    }
    const off_t hole = std::min(::lseek(fd, data, SEEK_HOLE), status.st_size);
    if (hole <= data || pieces.size() == kMostPieces) {
      return {{0, status.st_size}};
    }
    pieces.push_back({data, hole - data});
    at = hole;
  }
  if (pieces.empty()) {
    pieces.push_back({status.st_size, 0});  // nothing but a hole
  }
  return pieces;
}

/// Reading leaves the times of the owner's files alone. What is open for reading is taken as it is.
kernel::FileDescriptor open_to_read(int file) {
  if (const int flags = ::fcntl(file, F_GETFL); flags >= 0 && (flags & O_PATH) == 0) {
    kernel::FileDescriptor copy{::fcntl(file, F_DUPFD_CLOEXEC, 3)};
    if (!copy) {
      throw kernel::CallError{"duplicate a descriptor", errno};
    }
    return copy;
  }
  constexpr int kFlags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  kernel::FileDescriptor own{::open(DescriptorPath{file}.text, kFlags | O_NOATIME)};
  if (!own && errno == EPERM) {
    own.reset(::open(DescriptorPath{file}.text, kFlags));
  }
  if (!own) {
    throw kernel::CallError{"open", errno};
  }
  return own;
}

std::vector<char> names_of_attributes(const DescriptorPath& path) {
  std::vector<char> names(kLargestAttribute);  // XATTR_LIST_MAX
  const ssize_t got = ::listxattr(path.text, names.data(), names.size());
  if (got < 0 && errno != ENOTSUP) {
    throw kernel::CallError{"listxattr", errno};
  }
  names.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return names;
}

}  // namespace

TarWriter::TarWriter(const ImageLimits& limits, Watching& watching, const std::function<void(std::string_view)>& write,
                     TarStyle style)
    : limits_{limits}, watching_{watching}, write_{write}, style_{style}, writer_{::archive_write_new()} {
  if (!writer_) {
    throw std::bad_alloc{};
  }
  // The restricted kind leaves parts of seconds out where nothing else needs pax.
  require(style_.exact ? ::archive_write_set_format_pax(writer_.get())
                       : ::archive_write_set_format_pax_restricted(writer_.get()));
  // One spelling of the attributes is enough.
  require(::archive_write_set_option(writer_.get(), "pax", "xattrheader", "SCHILY"));
  require(::archive_write_set_bytes_per_block(writer_.get(), static_cast<int>(kTarChunk)));
  require(::archive_write_set_bytes_in_last_block(writer_.get(), 1));
  require(::archive_write_open(writer_.get(), this, nullptr, &TarWriter::supply, nullptr));
}

la_ssize_t TarWriter::supply(archive* /*writer*/, void* self, const void* data, std::size_t size) noexcept {
  auto& own = *static_cast<TarWriter*>(self);
  try {
    own.size_ += size;
    if (own.size_ > own.limits_.bytes) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} bytes", own.limits_.bytes),
                  "raise ImageLimits::bytes"};
    }
    own.write_({static_cast<const char*>(data), size});
    return static_cast<la_ssize_t>(size);
  } catch (...) {
    own.failure_ = std::current_exception();
    return ARCHIVE_FATAL;
  }
}

void TarWriter::require(la_ssize_t result) {
  if (failure_) {
    std::rethrow_exception(failure_);
  }
  if (result >= ARCHIVE_OK) {
    return;
  }
  if (::archive_errno(writer_.get()) == ENOMEM) {
    throw std::bad_alloc{};
  }
  throw malformed(
      fmt::format("\"{}\" cannot be put into an archive ({})", error::printable(name_), words_of(writer_.get())));
}

void TarWriter::begin(const std::string& name, const struct stat& status, int file) {
  name_ = name;
  entry_.reset(::archive_entry_new());
  if (!entry_) {
    throw std::bad_alloc{};
  }
  ::archive_entry_copy_stat(entry_.get(), &status);
  ::archive_entry_unset_atime(entry_.get());
  ::archive_entry_unset_ctime(entry_.get());
  ::archive_entry_unset_birthtime(entry_.get());
  ::archive_entry_set_mtime(entry_.get(), status.st_mtim.tv_sec, style_.exact ? status.st_mtim.tv_nsec : 0);
  ::archive_entry_copy_pathname(entry_.get(), name.c_str());
  if (!S_ISREG(status.st_mode)) {
    ::archive_entry_set_size(entry_.get(), 0);
  }
  if (file >= 0) {
    add_attributes(file);
  }
}

void TarWriter::add_attributes(int file) {
  const DescriptorPath path{file};
  const std::vector<char> names = names_of_attributes(path);
  std::vector<char> value(names.empty() ? 0 : kLargestAttribute);
  for (std::size_t at = 0; at < names.size();) {
    const char* name = names.data() + at;
    at += std::string_view{name}.size() + 1;
    const ssize_t size = ::getxattr(path.text, name, value.data(), value.size());
    if (size >= 0) {
      ::archive_entry_xattr_add_entry(entry_.get(), name, value.data(), static_cast<std::size_t>(size));
    } else if (errno != ENODATA && errno != ENOTSUP) {
      throw kernel::CallError{"getxattr", errno};
    }
  }
}

void TarWriter::add_attribute(const char* name, std::string_view value) {
  ::archive_entry_xattr_add_entry(entry_.get(), name, value.data(), value.size());
}

/// Names are bytes. Those that are not ASCII are marked as such, with a warning; marks on all of them would make other
/// programs complain of each.
void TarWriter::end() {
  const int result = ::archive_write_header(writer_.get(), entry_.get());
  if (result != ARCHIVE_WARN || words_of(writer_.get()).find("translate") == std::string::npos) {
    require(result);
  }
}

void TarWriter::end_as_link_to(const std::string& name) {
  ::archive_entry_set_size(entry_.get(), 0);
  ::archive_entry_copy_hardlink(entry_.get(), name.c_str());
  end();
}

void TarWriter::end_as_symbolic_link(int file) {
  std::string target(4096, '\0');
  const ssize_t size = ::readlinkat(file, "", target.data(), target.size());
  if (size < 0) {
    throw kernel::CallError{"readlink", errno};
  }
  target.resize(static_cast<std::size_t>(size));
  end_as_symbolic_link(target);
}

void TarWriter::end_as_symbolic_link(const std::string& target) {
  ::archive_entry_copy_symlink(entry_.get(), target.c_str());
  end();
}

void TarWriter::end_with_content(int file, const struct stat& status) {
  if (static_cast<std::uint64_t>(status.st_size) > limits_.file_bytes) {
    throw Fault{errc::limit_exceeded,
                fmt::format("\"{}\" has more than {} bytes", error::printable(name_), limits_.file_bytes),
                "raise ImageLimits::file_bytes"};
  }
  const kernel::FileDescriptor content = open_to_read(file);
  const std::vector<Piece> pieces = pieces_of(content.get(), status, style_.exact);
  if (pieces.size() != 1 || pieces.front().size != status.st_size) {
    for (const Piece& piece : pieces) {
      ::archive_entry_sparse_add_entry(entry_.get(), piece.offset, piece.size);
    }
  }
  end();
  la_int64_t position = 0;
  for (const Piece& piece : pieces) {
    write_zeros(piece.offset - position);  // libarchive wants the holes too, and leaves them out
    write_piece(content.get(), piece.offset, piece.size);
    position = piece.offset + piece.size;
  }
  write_zeros(status.st_size - position);
  if (style_.living) {
    look_for_change(content.get(), status);
  }
}

void TarWriter::look_for_change(int fd, const struct stat& before) {
  const struct stat now = kernel::status_of(fd);
  const bool same = now.st_size == before.st_size && now.st_mtim.tv_sec == before.st_mtim.tv_sec &&
                    now.st_mtim.tv_nsec == before.st_mtim.tv_nsec;
  changed_ += same ? 0 : 1;
}

void TarWriter::write_piece(int fd, la_int64_t offset, la_int64_t size) {
  buffer_.resize(kTarChunk);
  for (la_int64_t done = 0; done < size;) {
    const auto want = static_cast<std::size_t>(std::min<la_int64_t>(size - done, static_cast<la_int64_t>(kTarChunk)));
    const ssize_t got = ::pread(fd, buffer_.data(), want, offset + done);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0 && style_.living) {
      write_zeros(size - done);  // its size is in the header that was written
      return;
    }
    if (got == 0) {
      throw Fault{errc::image_invalid, fmt::format("\"{}\" became shorter while it was read", error::printable(name_)),
                  "import it again when nobody writes to it"};
    }
    require(::archive_write_data(writer_.get(), buffer_.data(), static_cast<std::size_t>(got)));
    done += got;
    watching_.at(name_, size_, 0);
  }
}

void TarWriter::write_zeros(la_int64_t size) {
  static constexpr std::array<char, 65536> kZeros{};
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<la_int64_t>(size, static_cast<la_int64_t>(kZeros.size())));
    require(::archive_write_data(writer_.get(), kZeros.data(), part));
    size -= static_cast<la_int64_t>(part);
    watching_.check();
  }
}

void TarWriter::finish() { require(::archive_write_close(writer_.get())); }

}  // namespace dunnage::image
