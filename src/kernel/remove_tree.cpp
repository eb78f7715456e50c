// SPDX-License-Identifier: Apache-2.0
#include "kernel/remove_tree.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::kernel {
namespace {

struct CloseDirectory {
  void operator()(DIR* stream) const noexcept { (void)::closedir(stream); }
};
using Stream = std::unique_ptr<DIR, CloseDirectory>;

/// A directory on the way down. What is deeper than kMaxDepth is moved up into the first one and meets us there, so
/// that no depth can exhaust the descriptors of the host program.
struct Level {
  Stream stream;
  std::string name;
  bool progress = false;  ///< something in it was deleted since its stream was last at the start
  bool failed = false;    ///< something in it cannot be deleted
  bool unlocked = false;  ///< its mode was widened already

  [[nodiscard]] int fd() const noexcept { return ::dirfd(stream.get()); }
};

constexpr std::size_t kMaxDepth = 32;

/// Gives this user all rights on a directory of his own; a container may have taken them away.
bool unlock_directory(int parent, const char* name) noexcept {
  const FileDescriptor directory = open_beneath(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  struct stat status {};
  if (!directory || ::fstat(directory.get(), &status) != 0 || status.st_uid != ::geteuid()) {
    return false;
  }
  return set_mode(directory.get(), S_IRWXU) == 0;
}

class Removal {
 public:
  Removal(int parent, std::string name) : parent_{parent} { enter(parent, std::move(name)); }

  std::error_code run() {
    while (!levels_.empty()) {
      errno = 0;
      const dirent* entry = ::readdir(levels_.back().stream.get());
      if (entry == nullptr) {
        if (errno != 0) {
          note(errno);
        }
        leave();
        continue;
      }
      const std::string name{static_cast<const char*>(entry->d_name)};
      if (name != "." && name != "..") {
        remove_entry(name, entry->d_type == DT_DIR);
      }
    }
    return error_;
  }

 private:
  void note(int number) {
    if (!error_) {
      error_ = {number, std::system_category()};
    }
    if (!levels_.empty()) {
      levels_.back().failed = true;
    }
  }

  bool unlock_current() {
    Level& level = levels_.back();
    if (std::exchange(level.unlocked, true)) {
      return false;
    }
    struct stat status {};
    return ::fstat(level.fd(), &status) == 0 && status.st_uid == ::geteuid() && ::fchmod(level.fd(), S_IRWXU) == 0;
  }

  void remove_entry(const std::string& name, bool directory) {
    const int fd = levels_.back().fd();
    if (!directory) {
      if (::unlinkat(fd, name.c_str(), 0) == 0 || errno == ENOENT) {
        levels_.back().progress = true;
        return;
      }
      if (errno != EISDIR) {
        const int number = errno;
        if (number == EACCES && unlock_current()) {
          remove_entry(name, false);  // once only: unlock_current() is true once per directory
          return;
        }
        note(number);
        return;
      }
    }
    if (levels_.size() >= kMaxDepth) {
      move_up(name);
    } else {
      enter(fd, name);
    }
  }

  void enter(int parent, std::string name) {
    FileDescriptor directory = open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (!directory && errno == EACCES) {
      (void)(!levels_.empty() && unlock_current());  // to reach it
      (void)unlock_directory(parent, name.c_str());  // to read it
      directory = open_beneath(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    }
    if (!directory) {
      if ((errno == EMFILE || errno == ENFILE) && levels_.size() > 1) {
        move_up(name);  // few descriptors are left: work with those we have
      } else if ((errno == ELOOP || errno == ENOTDIR) && ::unlinkat(parent, name.c_str(), 0) == 0) {
        mark_progress();  // somebody put a link or a file in its place
      } else if (errno != ENOENT) {
        note(errno);
      }
      return;
    }
    Stream stream{::fdopendir(directory.get())};
    if (stream == nullptr) {
      note(errno);
      return;
    }
    (void)directory.release();  // the stream closes it
    levels_.push_back({.stream = std::move(stream), .name = std::move(name)});
  }

  void move_up(const std::string& name) {
    const int fd = levels_.back().fd();
    const std::string above = random_hex(32);
    int number = rename_exclusively(fd, name, levels_.front().fd(), above);
    if (number == EACCES) {
      (void)unlock_directory(fd, name.c_str());  // a directory that moves gets a new "..", so it is written to as well
      (void)unlock_current();
      number = rename_exclusively(fd, name, levels_.front().fd(), above);
    }
    if (number == 0) {
      moved_up_ = true;
      levels_.back().progress = true;
    } else if (number != ENOENT) {
      note(number);
    }
  }

  void leave() {
    Level& level = levels_.back();
    if (levels_.size() == 1 && std::exchange(moved_up_, false)) {
      ::rewinddir(level.stream.get());
      return;
    }
    const int parent = levels_.size() > 1 ? levels_[levels_.size() - 2].fd() : parent_;
    if (::unlinkat(parent, level.name.c_str(), AT_REMOVEDIR) == 0 || errno == ENOENT) {
      levels_.pop_back();
      mark_progress();
      return;
    }
    int number = errno;
    if (number == ENOTEMPTY && !level.failed && std::exchange(level.progress, false)) {
      ::rewinddir(level.stream.get());  // somebody put a file in meanwhile, or the stream skipped one
      return;
    }
    const std::string name = level.name;
    levels_.pop_back();
    if (number == EACCES && !levels_.empty() && unlock_current()) {
      number = ::unlinkat(levels_.back().fd(), name.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
    }
    number == 0 ? mark_progress() : note(number);
  }

  void mark_progress() noexcept {
    if (!levels_.empty()) {
      levels_.back().progress = true;
    }
  }

  int parent_;
  std::vector<Level> levels_;
  std::error_code error_;
  bool moved_up_ = false;
};

}  // namespace

std::error_code remove_tree(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), 0) == 0 || errno == ENOENT) {
    return {};
  }
  if (errno != EISDIR) {
    return {errno, std::system_category()};
  }
  return Removal{parent, name}.run();
}

}  // namespace dunnage::kernel
