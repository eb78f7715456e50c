// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a directory of changes has over the layers below it. It may belong to any id of a container and hold anything,
/// so it is read as a Walk does, by whoever may mount the layers. No C library, no allocation.

#include "launcher/layers.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {

/// Writes records into memory: the letter of a kind ('C', 'A' or 'D'), the path below the top, and its NUL.
class DifferenceWriter {
 public:
  explicit DifferenceWriter(int memory) noexcept : memory_{memory} {}

  /// \param name below the path; null: the path itself
  long tell(char kind, const char* path, const char* name = nullptr) noexcept {
    long answer = put(&kind, 1);
    answer = answer < 0 ? answer : put(path, length(path));
    if (name != nullptr) {
      answer = answer < 0 ? answer : put("/", 1);
      answer = answer < 0 ? answer : put(name, length(name));
    }
    return answer < 0 ? answer : put("", 1);
  }
  long flush() noexcept {
    size_t done = 0;
    while (done < size_) {
      const long written = kernel::raw_syscall(__NR_write, memory_, kernel::as_argument(buffer_ + done),
                                               static_cast<long>(size_ - done));
      if (written <= 0) {
        return written < 0 ? written : -ENOSPC;
      }
      done += static_cast<size_t>(written);
    }
    size_ = 0;
    return 0;
  }

 private:
  static size_t length(const char* text) noexcept { return static_cast<size_t>(next_text(text) - text) - 1; }
  long put(const char* text, size_t size) noexcept {
    for (size_t index = 0; index < size; ++index) {
      if (size_ == sizeof buffer_) {
        if (const long answer = flush(); answer < 0) {
          return answer;
        }
      }
      buffer_[size_++] = text[index];
    }
    return 0;
  }

  int memory_;
  size_t size_ = 0;
  char buffer_[4096];
};

/// Compares what a walk through the changes finds with the layers.
class Difference {
 public:
  Difference(int layers, const char* opaque, int memory) noexcept : layers_{layers}, opaque_{opaque}, writer_{memory} {}

  long visit(const WalkEntry& entry) noexcept {
    struct statx below {};
    const long found = look_below(entry.path, below);
    if (found < 0 && found != -ENOENT && found != -ENOTDIR && found != -ELOOP && found != -EXDEV) {
      return found;
    }
    const bool there = found >= 0;
    if (is_whiteout(entry.status)) {
      return there ? writer_.tell('D', entry.path) : 0;
    }
    if (!there) {
      return writer_.tell('A', entry.path);
    }
    const bool directories = is_directory(entry.status) && is_directory(below);
    long answer = directories && looks_same(entry.status, below) ? 0 : writer_.tell('C', entry.path);
    if (answer >= 0 && directories) {
      answer = look_behind(entry);
    }
    return answer;
  }
  long finish() noexcept { return writer_.flush(); }

 private:
  struct Name {  // struct linux_dirent64
    uint64_t inode;
    int64_t offset;
    uint16_t size;
    uint8_t type;
    char text[1];
  };
  static constexpr uint64_t kInLayers = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;

  static bool is_directory(const struct statx& status) noexcept { return (status.stx_mode & S_IFMT) == S_IFDIR; }
  static bool is_whiteout(const struct statx& status) noexcept {
    return (status.stx_mode & S_IFMT) == S_IFCHR && status.stx_rdev_major == 0 && status.stx_rdev_minor == 0;
  }
  /// A directory that is there only because something below it was changed.
  static bool looks_same(const struct statx& left, const struct statx& right) noexcept {
    return left.stx_mode == right.stx_mode && left.stx_uid == right.stx_uid && left.stx_gid == right.stx_gid &&
           left.stx_mtime.tv_sec == right.stx_mtime.tv_sec && left.stx_mtime.tv_nsec == right.stx_mtime.tv_nsec;
  }
  static bool is_dots(const char* name) noexcept {
    return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
  }

  long look_below(const char* path, struct statx& status) const noexcept {
    const int fd = kernel::open_at2(layers_, path, O_PATH | O_NOFOLLOW, kInLayers);
    if (fd < 0) {
      return fd;
    }
    const long answer = kernel::raw_syscall(__NR_statx, fd, kernel::as_argument(""), AT_EMPTY_PATH, STATX_BASIC_STATS,
                                            kernel::as_argument(&status));
    (void)kernel::close_descriptor(fd);
    return answer;
  }

  /// A directory that was made anew hides all the layers have in it.
  long look_behind(const WalkEntry& entry) noexcept {
    const int upper = kernel::open_at2(entry.fd, ".", O_RDONLY | O_DIRECTORY, RESOLVE_BENEATH);
    if (upper < 0) {
      return upper;
    }
    char mark = '\0';
    const long size =
        kernel::raw_syscall(__NR_fgetxattr, upper, kernel::as_argument(opaque_), kernel::as_argument(&mark), 1);
    long answer = 0;
    if (size == 1 && mark == 'y') {
      const int lower = kernel::open_at2(layers_, entry.path, O_RDONLY | O_DIRECTORY, kInLayers);
      answer = lower < 0 ? lower : tell_hidden(entry.path, upper, lower);
      if (lower >= 0) {
        (void)kernel::close_descriptor(lower);
      }
    }
    (void)kernel::close_descriptor(upper);
    return answer;
  }

  long tell_hidden(const char* path, int upper, int lower) noexcept {
    alignas(8) char names[2048];
    long size = 0;
    while ((size = kernel::raw_syscall(__NR_getdents64, lower, kernel::as_argument(names), sizeof names)) > 0) {
      for (long position = 0; position < size;) {
        const auto* name = reinterpret_cast<const Name*>(names + position);
        position += name->size;
        struct statx status {};
        const bool hidden = !is_dots(name->text) &&
                            kernel::raw_syscall(__NR_statx, upper, kernel::as_argument(name->text), AT_SYMLINK_NOFOLLOW,
                                                STATX_TYPE, kernel::as_argument(&status)) == -ENOENT;
        if (const long answer = hidden ? writer_.tell('D', path, name->text) : 0; answer < 0) {
          return answer;
        }
      }
    }
    return size;
  }

  int layers_;
  const char* opaque_;
  DifferenceWriter writer_;
};

/// \return memory with the records, at its beginning
inline DetachResult list_difference(int directory, const LayerTexts& texts, const DetachRequest& request,
                                    Walk& walk) noexcept {
  DetachRequest layers = request;
  layers.upper = UpperKind::None;
  const DetachResult below = detach_layers(directory, texts, layers);
  if (below.failure.error != 0) {
    return below;
  }
  const int upper = kernel::open_at2(directory, texts.upper, O_RDONLY | O_DIRECTORY, kInStore);
  DetachResult result;
  result.fd = static_cast<int>(kernel::raw_syscall(__NR_memfd_create, kernel::as_argument("dunnage-difference"), 1));
  if (upper < 0 || result.fd < 0) {
    result.failure = failure_of(Step::OpenUpper, upper < 0 ? upper : result.fd);
  } else {
    Difference difference{below.fd, request.user_xattr != 0 ? "user.overlay.opaque" : "trusted.overlay.opaque",
                          result.fd};
    long answer = walk.run(upper, [&](const WalkEntry& entry, Visit&) { return difference.visit(entry); });
    answer = answer < 0 ? answer : difference.finish();
    if (answer >= 0) {
      answer = kernel::raw_syscall(__NR_lseek, result.fd, 0, 0);
    }
    result.failure = answer < 0 ? failure_of(Step::ListDifference, answer) : Failure{};
  }
  if (upper >= 0) {
    (void)kernel::close_descriptor(upper);
  }
  (void)kernel::close_descriptor(below.fd);
  return close_if_failed(result);
}

}  // namespace dunnage::launcher
