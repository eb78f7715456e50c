// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A walk over a tree whose content nobody vouches for: by descriptors, one name at a time, no link followed. Its cost
/// is bounded: so many entries, so many levels. No C library, no allocation; a Walk is large, keep it off the stack.

#include "kernel/calls.hpp"
#include "launcher/directory_entry.hpp"

#include <asm/unistd.h>
#include <errno.h>
#include <linux/stat.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

namespace dunnage::launcher {

struct WalkEntry {
  const char* path = nullptr;  ///< below the top, "a/b"
  int fd = -1;                 ///< O_PATH; of a link itself
  struct statx status {};
};

enum class Visit { Descend, Pass };

/// The names in an open directory, one after the other, in the order in which the kernel tells them.
class NamesAsTold {
 public:
  /// 0 or -errno
  long begin(int /*directory*/) noexcept {
    size_ = position_ = 0;
    return 0;
  }
  /// The next one but the dots, valid until the next call; null at the end, or with -errno in `result`.
  const char* take(int directory, long& result) noexcept {
    for (;;) {
      if (position_ >= size_) {
        size_ = kernel::raw_syscall(__NR_getdents64, directory, kernel::as_argument(buffer_),
                                    static_cast<long>(sizeof buffer_));
        position_ = 0;
        if (size_ <= 0) {
          result = size_;
          return nullptr;
        }
      }
      const auto* entry = reinterpret_cast<const DirectoryEntry*>(buffer_ + position_);
      position_ += entry->size;
      if (!is_dots(entry->name)) {
        return entry->name;
      }
    }
  }
  void release() noexcept {}

 private:
  long size_ = 0;
  long position_ = 0;
  alignas(8) char buffer_[2048];
};

/// \tparam Names  of one directory, as NamesAsTold has them
template <typename Names, unsigned MostLevels>
class BasicWalk {
 public:
  static constexpr unsigned kDeepest = MostLevels;

  BasicWalk(bool cross_mounts, uint64_t most_entries) noexcept
      : cross_mounts_{cross_mounts}, most_entries_{most_entries} {}

  /// Calls `visit(const WalkEntry&, Visit&)` for all below `top`, which answers 0 or -errno. A directory comes before
  /// what is in it. \return 0 or -errno of what failed first; -E2BIG and -ELOOP at the bounds
  template <typename Visitor>
  long run(int top, Visitor&& visit) noexcept {
    depth_ = 0;
    entries_ = 0;
    path_size_ = 0;
    long result = enter(top);
    while (result >= 0 && depth_ > 0) {
      Level& level = levels_[depth_ - 1];
      const char* name = level.names.take(level.fd, result);
      if (name == nullptr) {
        leave();
        continue;
      }
      result = next(level, name, visit);
    }
    while (depth_ > 0) {
      leave();
    }
    return result;
  }

 private:
  struct Level {
    int fd = -1;
    size_t path_size = 0;
    Names names;
  };

  [[nodiscard]] uint64_t resolve() const noexcept {
    return RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | (cross_mounts_ ? 0U : RESOLVE_NO_XDEV);
  }

  long enter(int directory) noexcept {
    if (depth_ == kDeepest) {
      return -ELOOP;
    }
    const int fd = kernel::open_at2(directory, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK, resolve());
    if (fd < 0) {
      return fd;
    }
    Level& level = levels_[depth_++];
    level.fd = fd;
    level.path_size = path_size_;
    return level.names.begin(fd);
  }

  void leave() noexcept {
    Level& level = levels_[--depth_];
    level.names.release();
    (void)kernel::close_descriptor(level.fd);
  }

  long append(const Level& level, const char* name) noexcept {
    path_size_ = level.path_size;
    if (path_size_ > 0) {
      path_[path_size_++] = '/';
    }
    for (size_t index = 0; name[index] != '\0'; ++index) {
      if (path_size_ + 2 >= sizeof path_) {
        return -ENAMETOOLONG;
      }
      path_[path_size_++] = name[index];
    }
    path_[path_size_] = '\0';
    return 0;
  }

  template <typename Visitor>
  long next(const Level& level, const char* name, Visitor&& visit) noexcept {
    if (++entries_ > most_entries_) {
      return -E2BIG;
    }
    long result = append(level, name);
    WalkEntry found;
    found.path = path_;
    found.fd = result < 0 ? static_cast<int>(result)
                          : kernel::open_at2(level.fd, name, O_PATH | O_NOFOLLOW,
                                             resolve() & ~static_cast<uint64_t>(RESOLVE_NO_SYMLINKS));
    if (found.fd == -ENOENT || found.fd == -EXDEV) {
      return 0;  // it is gone, or it is a mount of somebody else's
    }
    if (found.fd < 0) {
      return found.fd;
    }
    result = kernel::raw_syscall(__NR_statx, found.fd, kernel::as_argument(""), AT_EMPTY_PATH, STATX_BASIC_STATS,
                                 kernel::as_argument(&found.status));
    Visit answer = Visit::Descend;
    if (result >= 0) {
      result = visit(static_cast<const WalkEntry&>(found), answer);
    }
    if (result >= 0 && answer == Visit::Descend && (found.status.stx_mode & S_IFMT) == S_IFDIR) {
      result = enter(found.fd);
    }
    (void)kernel::close_descriptor(found.fd);
    return result;
  }

  bool cross_mounts_;
  uint64_t most_entries_;
  unsigned depth_ = 0;
  uint64_t entries_ = 0;
  size_t path_size_ = 0;
  char path_[4096] = {};
  Level levels_[kDeepest];
};

class Walk : public BasicWalk<NamesAsTold, 128> {
 public:
  static constexpr uint64_t kMostEntries = uint64_t{1} << 22U;

  explicit Walk(bool cross_mounts) noexcept : BasicWalk{cross_mounts, kMostEntries} {}
};

}  // namespace dunnage::launcher
