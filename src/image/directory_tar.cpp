// SPDX-License-Identifier: Apache-2.0
#include "image/directory_tar.hpp"

#include "error/printable.hpp"
#include "image/failure.hpp"
#include "image/tar_writer.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::image {
namespace {

/// A directory that is being read.
struct Level {
  kernel::FileDescriptor directory;
  std::string name;                ///< below the top; empty for the top
  std::vector<std::string> names;  ///< what is still to come, last first
};

/// Something in a directory.
struct Found {
  kernel::FileDescriptor file;  ///< O_PATH; empty if something is mounted there
  struct stat status {};
};

class DirectoryTar {
 public:
  DirectoryTar(const ImageLimits& limits, Watching& watching, const std::function<void(std::string_view)>& write)
      : limits_{limits}, watching_{watching}, writer_{limits, watching, write} {}

  /// With a stack of our own: a deep tree costs no stack of the host.
  void run(int top) {
    const struct stat status = kernel::status_of(top);
    device_ = status.st_dev;
    enter(top, ".", {});
    while (!levels_.empty()) {
      Level& level = levels_.back();
      if (level.names.empty()) {
        levels_.pop_back();
        continue;
      }
      const std::string leaf = std::move(level.names.back());
      level.names.pop_back();
      add(level, leaf);
    }
    writer_.finish();
  }

 private:
  void enter(int parent, const std::string& leaf, std::string name) {
    auto directory = kernel::open_beneath(parent, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) {
      throw kernel::CallError{"open directory", errno};
    }
    std::vector<std::string> names = kernel::names_in(directory.get());
    std::sort(names.begin(), names.end(), std::greater<>{});
    levels_.push_back({std::move(directory), std::move(name), std::move(names)});
  }

  void add(const Level& level, const std::string& leaf) {
    const std::string name = join_name(level.name, leaf);
    watching_.at(name, writer_.size(), 0);
    if (++entries_ > limits_.entries) {
      throw Fault{errc::limit_exceeded, fmt::format("it has more than {} entries", limits_.entries),
                  "raise ImageLimits::entries"};
    }
    (void)checked_name(name, limits_);  // for its depth
    const Found found = find(level.directory.get(), leaf, name);
    if (S_ISSOCK(found.status.st_mode)) {
      return;
    }
    write(found, name);
    if (S_ISDIR(found.status.st_mode) && found.file && found.status.st_dev == device_) {
      enter(level.directory.get(), leaf, name);
    }
  }

  static Found find(int parent, const std::string& leaf, const std::string& name) {
    Found found;
    found.file = kernel::open_beneath(parent, leaf, O_PATH | O_NOFOLLOW);
    if (!found.file && errno == ENOENT) {
      throw Fault{errc::image_invalid, fmt::format("\"{}\" disappeared while it was read", error::printable(name)),
                  "import it again when nobody writes to it"};
    }
    if (!found.file && errno != EXDEV) {
      throw kernel::CallError{"open", errno};
    }
    const int result = found.file ? ::fstat(found.file.get(), &found.status)
                                  : ::fstatat(parent, leaf.c_str(), &found.status, AT_SYMLINK_NOFOLLOW);
    if (result != 0) {
      throw kernel::CallError{"stat", errno};
    }
    return found;
  }

  void write(const Found& found, const std::string& name) {
    const bool is_link = S_ISLNK(found.status.st_mode);
    // The attributes of a link cannot be named by a descriptor, and it has hardly ever any.
    writer_.begin(name, found.status, found.file && !is_link ? found.file.get() : -1);
    if (!S_ISDIR(found.status.st_mode) && found.status.st_nlink > 1) {
      const auto [known, first] = links_.try_emplace({found.status.st_dev, found.status.st_ino}, name);
      if (!first) {
        writer_.end_as_link_to(known->second);
        return;
      }
    }
    if (is_link) {
      writer_.end_as_symbolic_link(found.file.get());
    } else if (S_ISREG(found.status.st_mode) && found.file) {
      writer_.end_with_content(found.file.get(), found.status);
    } else if (S_ISREG(found.status.st_mode)) {
      throw Fault{errc::not_supported, fmt::format("something is mounted on the file \"{}\"", error::printable(name)),
                  "unmount it"};
    } else {
      writer_.end();
    }
  }

  const ImageLimits& limits_;
  Watching& watching_;
  TarWriter writer_;
  dev_t device_ = 0;
  std::uint64_t entries_ = 0;
  std::vector<Level> levels_;
  std::map<std::pair<dev_t, ino_t>, std::string> links_;
};

}  // namespace

void write_directory_tar(int directory, const ImageLimits& limits, Watching& watching,
                         const std::function<void(std::string_view)>& write) {
  DirectoryTar{limits, watching, write}.run(directory);
}

}  // namespace dunnage::image
