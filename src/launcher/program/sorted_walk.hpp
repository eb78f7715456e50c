// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A walk as that of launcher/walk.hpp, in the order of names, so that equal trees are told in equal words. A directory
/// comes before what is in it.

#include "launcher/program/entry.hpp"
#include "launcher/program/name_list.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {

class SortedWalk {
 public:
  static constexpr unsigned kDeepest = 256;

  /// As Walk::run(); what is mounted below belongs to the tree.
  template <typename Visitor>
  long run(int top, Visitor&& visit) noexcept {
    long result = enter(top);
    while (result >= 0 && depth_ > 0) {
      Level& level = levels_[depth_ - 1];
      const char* name = level.names.take();
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
    NameList names;
  };
  static constexpr uint64_t kResolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

  long enter(int directory) noexcept {
    if (depth_ == kDeepest) {
      return -ELOOP;
    }
    const int fd = kernel::open_at2(directory, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK, kResolve);
    if (fd < 0) {
      return fd;
    }
    Level& level = levels_[depth_++];
    level.fd = fd;
    level.path_size = path_size_;
    return level.names.read(fd);
  }

  void leave() noexcept {
    Level& level = levels_[--depth_];
    level.names.release();
    (void)close_descriptor(level.fd);
  }

  long append(const Level& level, const char* name) noexcept {
    const size_t size = text_size(name);
    path_size_ = level.path_size;
    if (path_size_ + size + 2 > sizeof path_) {
      return -ENAMETOOLONG;
    }
    if (path_size_ > 0) {
      path_[path_size_++] = '/';
    }
    __builtin_memcpy(path_ + path_size_, name, size + 1);
    path_size_ += size;
    return 0;
  }

  template <typename Visitor>
  long next(const Level& level, const char* name, Visitor&& visit) noexcept {
    long result = append(level, name);
    if (result < 0) {
      return result;
    }
    WalkEntry found;
    found.path = path_;
    found.fd = kernel::open_at2(level.fd, name, O_PATH | O_NOFOLLOW, kResolve & ~uint64_t{RESOLVE_NO_SYMLINKS});
    if (found.fd == -ENOENT || found.fd == -EXDEV) {
      return 0;  // it is gone, or somebody else's
    }
    if (found.fd < 0) {
      return found.fd;
    }
    Visit answer = Visit::Descend;
    result = status_of(found.fd, found.status);
    if (result >= 0) {
      result = visit(static_cast<const WalkEntry&>(found), answer);
    }
    if (result >= 0 && answer == Visit::Descend && kind_of(found.status) == S_IFDIR) {
      result = enter(found.fd);
    }
    (void)close_descriptor(found.fd);
    return result;
  }

  unsigned depth_ = 0;
  size_t path_size_ = 0;
  char path_[4096] = {};
  Level levels_[kDeepest];
};

}  // namespace dunnage::launcher
