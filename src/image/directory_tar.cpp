// SPDX-License-Identifier: Apache-2.0
#include "image/directory_tar.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/unpack/archive_handle.hpp"
#include "image/unpack/c_locale.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

constexpr std::size_t kChunk = std::size_t{256} << 10U;
constexpr std::size_t kMostAttributes = std::size_t{1} << 20U;

struct FreeEntry {
  void operator()(archive_entry* entry) const noexcept { ::archive_entry_free(entry); }
};
struct FreeWriter {
  void operator()(archive* writer) const noexcept { (void)::archive_write_free(writer); }
};

/// /proc/self/fd/N, for calls that do not take what was opened by O_PATH.
class OwnPath {
 public:
  explicit OwnPath(int fd) { (void)std::snprintf(text_.data(), text_.size(), "/proc/self/fd/%d", fd); }
  [[nodiscard]] const char* get() const noexcept { return text_.data(); }

 private:
  std::array<char, 32> text_{};
};

/// A directory that is being read.
struct Level {
  kernel::FileDescriptor directory;
  std::string name;                ///< below the top; empty for the top
  std::vector<std::string> names;  ///< what is still to come, last first
};

class DirectoryTar {
 public:
  DirectoryTar(int directory, const ImageLimits& limits, Watching& watching,
               const std::function<void(std::string_view)>& write)
      : top_{directory}, limits_{limits}, watching_{watching}, write_{write}, writer_{::archive_write_new()} {
    if (!writer_) {
      throw std::bad_alloc{};
    }
    // Restricted: pax headers where they are needed only. Names are bytes, and one spelling of the attributes is
    // enough.
    require(::archive_write_set_format_pax_restricted(writer_.get()));
    require(::archive_write_set_option(writer_.get(), "pax", "hdrcharset", "BINARY"));
    require(::archive_write_set_option(writer_.get(), "pax", "xattrheader", "SCHILY"));
    require(::archive_write_set_bytes_per_block(writer_.get(), static_cast<int>(kChunk)));
    require(::archive_write_set_bytes_in_last_block(writer_.get(), 1));
    require(::archive_write_open(writer_.get(), this, nullptr, &DirectoryTar::supply, nullptr));
  }

  /// With a stack of our own: a deep tree costs no stack of the host.
  void run() {
    struct stat status {};
    if (::fstat(top_, &status) != 0) {
      throw kernel::CallError{"stat", errno};
    }
    device_ = status.st_dev;
    auto top = kernel::open_beneath(top_, ".", O_RDONLY | O_DIRECTORY);
    if (!top) {
      throw kernel::CallError{"open directory", errno};
    }
    levels_.push_back({std::move(top), {}, {}});
    levels_.back().names = sorted_names(levels_.back().directory.get());
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.names.empty()) {
        levels_.pop_back();
        continue;
      }
      const std::string leaf = std::move(level.names.back());
      level.names.pop_back();
      add(level.directory.get(), leaf, join_name(level.name, leaf));
    }
    require(::archive_write_close(writer_.get()));
  }

 private:
  using EntryHandle = std::unique_ptr<archive_entry, FreeEntry>;

  static la_ssize_t supply(archive* /*writer*/, void* self, const void* data, size_t size) noexcept {
    auto& own = *static_cast<DirectoryTar*>(self);
    try {
      own.written_ += size;
      if (own.written_ > own.limits_.bytes) {
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

  void require(la_ssize_t result) {
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
        fmt::format("\"{}\" cannot be put into an archive ({})", error::printable(current_), words_of(writer_.get())));
  }

  static std::vector<std::string> sorted_names(int directory) {
    std::vector<std::string> names = kernel::names_in(directory);
    std::sort(names.begin(), names.end(), std::greater<>{});
    return names;
  }

  [[nodiscard]] Fault changed() const {
    return Fault{errc::image_invalid, fmt::format("\"{}\" changed while it was read", error::printable(current_)),
                 "import it again when nobody writes to it"};
  }

  void add(int parent, const std::string& leaf, std::string name) {
    current_ = std::move(name);
    watching_.at(current_, written_, 0);
    if (++entries_ > limits_.entries) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} entries", limits_.entries),
                  "raise ImageLimits::entries"};
    }
    (void)checked_name(current_, limits_);  // for its depth
    struct stat status {};
    auto file = kernel::open_beneath(parent, leaf, O_PATH | O_NOFOLLOW);
    const bool mounted = !file && errno == EXDEV;
    if (!file && !mounted) {
      if (errno == ENOENT) {
        throw changed();
      }
      throw kernel::CallError{"open", errno};
    }
    if (mounted ? ::fstatat(parent, leaf.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0
                : ::fstat(file.get(), &status) != 0) {
      throw kernel::CallError{"stat", errno};
    }
    if (S_ISSOCK(status.st_mode)) {
      return;
    }
    write_entry(file.get(), status, mounted);
    if (S_ISDIR(status.st_mode) && !mounted && status.st_dev == device_) {
      enter(parent, leaf);
    }
  }

  void enter(int parent, const std::string& leaf) {
    auto directory = kernel::open_beneath(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) {
      throw kernel::CallError{"open directory", errno};
    }
    std::vector<std::string> names = sorted_names(directory.get());
    levels_.push_back({std::move(directory), current_, std::move(names)});
  }

  void write_entry(int file, const struct stat& status, bool mounted) {
    const EntryHandle entry{::archive_entry_new()};
    if (!entry) {
      throw std::bad_alloc{};
    }
    ::archive_entry_copy_stat(entry.get(), &status);
    ::archive_entry_unset_atime(entry.get());
    ::archive_entry_unset_ctime(entry.get());
    ::archive_entry_unset_birthtime(entry.get());
    ::archive_entry_set_mtime(entry.get(), status.st_mtim.tv_sec, 0);
    ::archive_entry_copy_pathname(entry.get(), current_.c_str());
    if (!S_ISREG(status.st_mode)) {
      ::archive_entry_set_size(entry.get(), 0);
    }
    if (!S_ISDIR(status.st_mode) && status.st_nlink > 1) {
      const auto [known, first] = links_.try_emplace({status.st_dev, status.st_ino}, current_);
      if (!first) {
        ::archive_entry_set_size(entry.get(), 0);
        ::archive_entry_copy_hardlink(entry.get(), known->second.c_str());
        require(::archive_write_header(writer_.get(), entry.get()));
        return;
      }
    }
    if (S_ISLNK(status.st_mode)) {
      set_target(file, entry.get());
    }
    if (!mounted) {
      set_attributes(file, entry.get(), S_ISLNK(status.st_mode));
    }
    if (S_ISREG(status.st_mode)) {
      write_file(file, status, entry.get());
    } else {
      require(::archive_write_header(writer_.get(), entry.get()));
    }
  }

  void set_target(int link, archive_entry* entry) const {
    std::string target(4096, '\0');
    const ssize_t size = ::readlinkat(link, "", target.data(), target.size());
    if (size < 0) {
      throw kernel::CallError{"readlink", errno};
    }
    target.resize(static_cast<std::size_t>(size));
    ::archive_entry_copy_symlink(entry, target.c_str());
  }

  /// A link itself cannot be named by a descriptor for these calls, and has hardly ever any.
  void set_attributes(int file, archive_entry* entry, bool is_link) const {
    if (is_link) {
      return;
    }
    const OwnPath path{file};
    const ssize_t size = ::listxattr(path.get(), nullptr, 0);
    if (size <= 0) {
      if (size < 0 && errno != ENOTSUP) {
        throw kernel::CallError{"listxattr", errno};
      }
      return;
    }
    std::vector<char> names(std::min(static_cast<std::size_t>(size) + 256, kMostAttributes));
    const ssize_t got = ::listxattr(path.get(), names.data(), names.size());
    if (got < 0) {
      throw kernel::CallError{"listxattr", errno};
    }
    std::vector<char> value(65536);
    for (const char* name = names.data(); name < names.data() + got; name += std::char_traits<char>::length(name) + 1) {
      const ssize_t bytes = ::getxattr(path.get(), name, value.data(), value.size());
      if (bytes >= 0) {
        ::archive_entry_xattr_add_entry(entry, name, value.data(), static_cast<std::size_t>(bytes));
      } else if (errno != ENODATA && errno != ENOTSUP) {
        throw kernel::CallError{"getxattr", errno};
      }
    }
  }

  void write_file(int path_only, const struct stat& status, archive_entry* entry) {
    if (static_cast<std::uint64_t>(status.st_size) > limits_.file_bytes) {
      throw Fault{errc::limit_exceeded,
                  fmt::format("\"{}\" has more than {} bytes", error::printable(current_), limits_.file_bytes),
                  "raise ImageLimits::file_bytes"};
    }
    const kernel::FileDescriptor file{::open(OwnPath{path_only}.get(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NOATIME)};
    const kernel::FileDescriptor foreign{file ? -1 : ::open(OwnPath{path_only}.get(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
    const int fd = file ? file.get() : foreign.get();
    if (fd < 0) {
      throw kernel::CallError{"open", errno};
    }
    const auto pieces = pieces_of(fd, status);
    if (pieces.size() != 1 || pieces.front().second != status.st_size) {
      for (const auto& [offset, size] : pieces) {
        ::archive_entry_sparse_add_entry(entry, offset, size);
      }
    }
    require(::archive_write_header(writer_.get(), entry));
    std::vector<char>& buffer = buffer_;
    buffer.resize(kChunk);
    la_int64_t position = 0;
    for (const auto& [offset, size] : pieces) {
      skip(offset - position);  // libarchive wants the holes too, and leaves them out
      for (la_int64_t done = 0; done < size;) {
        const auto want = static_cast<std::size_t>(std::min<la_int64_t>(size - done, static_cast<la_int64_t>(kChunk)));
        const ssize_t got = ::pread(fd, buffer.data(), want, offset + done);
        if (got <= 0) {
          if (got < 0 && errno == EINTR) {
            continue;
          }
          if (got < 0) {
            throw kernel::CallError{"read", errno};
          }
          throw changed();
        }
        require(::archive_write_data(writer_.get(), buffer.data(), static_cast<std::size_t>(got)));
        done += got;
        watching_.at(current_, written_, 0);
      }
      position = offset + size;
    }
    skip(status.st_size - position);
  }

  void skip(la_int64_t size) {
    static constexpr std::array<char, 65536> kZeros{};
    while (size > 0) {
      const auto part = static_cast<std::size_t>(std::min<la_int64_t>(size, static_cast<la_int64_t>(kZeros.size())));
      require(::archive_write_data(writer_.get(), kZeros.data(), part));
      size -= static_cast<la_int64_t>(part);
      watching_.check();
    }
  }

  /// Where there is data in a file.
  static std::vector<std::pair<la_int64_t, la_int64_t>> pieces_of(int fd, const struct stat& status) {
    constexpr std::size_t kMostPieces = 10'000;  // of one file; what has more is written whole
    std::vector<std::pair<la_int64_t, la_int64_t>> pieces;
    if (status.st_blocks * 512 >= status.st_size) {
      return {{0, status.st_size}};
    }
    for (off_t at = 0; at < status.st_size;) {
      const off_t data = ::lseek(fd, at, SEEK_DATA);
      if (data < 0 || data >= status.st_size) {
        break;
      }
      const off_t hole = std::min(::lseek(fd, data, SEEK_HOLE), status.st_size);
      if (hole <= data || pieces.size() == kMostPieces) {
        return {{0, status.st_size}};
      }
      pieces.emplace_back(data, hole - data);
      at = hole;
    }
    if (pieces.empty()) {
      pieces.emplace_back(status.st_size, 0);  // nothing but a hole
    }
    return pieces;
  }

  int top_;
  const ImageLimits& limits_;
  Watching& watching_;
  const std::function<void(std::string_view)>& write_;
  CLocale locale_;
  dev_t device_ = 0;
  std::string current_ = ".";
  std::uint64_t written_ = 0;
  std::uint64_t entries_ = 0;
  std::vector<Level> levels_;
  std::vector<char> buffer_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
  std::exception_ptr failure_;
  std::unique_ptr<archive, FreeWriter> writer_;
};

}  // namespace

void write_directory_tar(int directory, const ImageLimits& limits, Watching& watching,
                         const std::function<void(std::string_view)>& write) {
  DirectoryTar{directory, limits, watching, write}.run();
}

}  // namespace dunnage::image
