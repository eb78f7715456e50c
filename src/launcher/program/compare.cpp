// SPDX-License-Identifier: Apache-2.0
// What the upper directory of an overlay has that is not below it: as `docker diff` tells it.

#include "launcher/program/each_entry.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/overlay_marks.hpp"
#include "launcher/program/report_buffer.hpp"
#include "launcher/program/work.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {
namespace {

/// A directory on the way to the entry that is looked at.
struct Level {
  bool reported = false;
  bool hidden = false;         ///< nothing of the lower directories shows through
  uint32_t* layers = nullptr;  ///< those that have the directory, topmost first
  uint32_t count = 0;
};

class Changes {
 public:
  explicit Changes(Worker& worker) noexcept : worker_{worker} {}

  void run() noexcept {
    const uint32_t lowers = worker_.descriptor_count - 1;
    memory_ = static_cast<uint32_t*>(map_memory((Walk::kDeepest + 1) * (size_t{lowers} + 1) * sizeof(uint32_t)));
    if (memory_ == nullptr) {
      return fail_work(worker_, Step::StartWork, -ENOMEM, "");
    }
    for (unsigned depth = 0; depth <= Walk::kDeepest; ++depth) {
      levels_[depth].layers = memory_ + depth * (size_t{lowers} + 1);
    }
    for (uint32_t index = 0; index < lowers; ++index) {
      levels_[0].layers[levels_[0].count++] = index;
    }
    levels_[0].reported = true;  // the root itself is never among the changes
    const long result = walk_.run(worker_.descriptors[0], [&](const WalkEntry& entry, Visit&) { return visit(entry); });
    if (result < 0) {
      fail_work(worker_, Step::ReadDirectory, result, last_);
    }
    report_.flush();
  }

 private:
  [[nodiscard]] int lower(uint32_t layer) const noexcept { return worker_.descriptors[1 + layer]; }

  static unsigned depth_of(const char* path) noexcept {
    unsigned depth = 0;
    for (size_t index = 0; path[index] != '\0'; ++index) {
      depth += path[index] == '/' ? 1 : 0;
    }
    return depth;
  }

  long visit(const WalkEntry& entry) noexcept {
    last_ = entry.path;
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
    const unsigned depth = depth_of(entry.path);
    if (depth + 1 > Walk::kDeepest) {
      return -ELOOP;
    }
    const bool directory = kind_of(entry.status) == S_IFDIR;
    Level& below = levels_[depth + 1];
    below.count = 0;
    below.reported = false;
    below.hidden = levels_[depth].hidden;
    struct statx known {};
    bool exists = false;
    if (const long result = find_below(levels_[depth], below, entry.path, known, exists); result < 0) {
      return result;
    }
    if (is_whiteout(entry.status)) {
      return exists ? report('D', entry.path, depth) : 0;
    }
    if (!directory || !exists || kind_of(known) != S_IFDIR) {
      below.count = directory && exists && kind_of(known) == S_IFDIR ? below.count : 0;
      below.reported = true;
      return report(exists ? 'C' : 'A', entry.path, depth);
    }
    below.hidden = below.hidden || is_opaque(entry.fd);
    if (!is_same(entry.status, known)) {
      below.reported = true;
      if (const long result = report('C', entry.path, depth); result < 0) {
        return result;
      }
    }
    return below.hidden ? report_hidden(entry, below, depth) : 0;
  }

  /// A directory that was copied up for the sake of what is in it.
  static bool is_same(const struct statx& left, const struct statx& right) noexcept {
    return left.stx_mode == right.stx_mode && left.stx_uid == right.stx_uid && left.stx_gid == right.stx_gid &&
           left.stx_mtime.tv_sec == right.stx_mtime.tv_sec && left.stx_mtime.tv_nsec == right.stx_mtime.tv_nsec;
  }

  [[nodiscard]] bool is_opaque(int fd) const noexcept {
    return OverlayMarks{(worker_.request.flags & kChangesUserMarks) != 0}.is_opaque(fd);
  }

  /// The entry as the lower directories show it; if it is a directory, `below` gets those that have a part in it.
  long find_below(const Level& parent, Level& below, const char* path, struct statx& known, bool& exists) noexcept {
    for (uint32_t index = 0; index < parent.count; ++index) {
      const int fd = kernel::open_at2(lower(parent.layers[index]), path, O_PATH | O_NOFOLLOW, kOneComponent);
      if (fd == -ENOENT || fd == -ENOTDIR) {
        continue;
      }
      struct statx status {};
      const long result = fd < 0 ? fd : status_of(fd, status);
      const bool last = result < 0 || kind_of(status) != S_IFDIR || is_opaque(fd);
      const bool white = result >= 0 && is_whiteout(status);
      if (result >= 0 && !white && !exists) {
        known = status;
        exists = true;
      }
      if (result >= 0 && kind_of(status) == S_IFDIR && kind_of(known) == S_IFDIR) {
        below.layers[below.count++] = parent.layers[index];
      }
      if (fd >= 0) {
        (void)close_descriptor(fd);
      }
      if (result < 0) {
        return result;
      }
      if (last) {
        break;
      }
    }
    return 0;
  }

  /// What was in a directory that was replaced as a whole.
  long report_hidden(const WalkEntry& entry, const Level& level, unsigned depth) noexcept {
    for (uint32_t index = 0; index < level.count; ++index) {
      const int fd = kernel::open_at2(lower(level.layers[index]), entry.path, O_RDONLY | O_DIRECTORY, kOneComponent);
      if (fd < 0) {
        return fd;
      }
      alignas(8) char entries[4096];
      const long result = each_entry(fd, entries, [&](const DirectoryEntry& found) {
        return report_if_hidden(entry, level, index, found.name, depth);
      });
      (void)close_descriptor(fd);
      if (result < 0) {
        return result;
      }
    }
    return 0;
  }

  long report_if_hidden(const WalkEntry& entry, const Level& level, uint32_t index, const char* name,
                        unsigned depth) noexcept {
    if (is_there(entry.fd, name)) {
      return 0;  // what the upper directory tells of by itself
    }
    const size_t size = text_size(entry.path);
    if (size + 1 + text_size(name) + 1 > sizeof hidden_) {
      return -ENAMETOOLONG;
    }
    __builtin_memcpy(hidden_, entry.path, size);
    hidden_[size] = '/';
    __builtin_memcpy(hidden_ + size + 1, name, text_size(name) + 1);
    for (uint32_t above = 0; above <= index; ++above) {
      struct statx status {};
      const int fd = kernel::open_at2(lower(level.layers[above]), hidden_, O_PATH | O_NOFOLLOW, kOneComponent);
      if (fd < 0) {
        continue;
      }
      const long result = status_of(fd, status);
      (void)close_descriptor(fd);
      if (result < 0 || above < index || is_whiteout(status)) {
        return result < 0 ? result : 0;  // the directory above had its say
      }
    }
    const long result = report('D', hidden_, depth + 1);
    return result < 0 ? result : 1;
  }

  static bool is_there(int directory, const char* name) noexcept {
    const int fd = kernel::open_at2(directory, name, O_PATH | O_NOFOLLOW, kOneComponent);
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
    return fd >= 0;
  }

  /// What appears or goes is a change of the directory it is in, also if that looks the same (Docker's rule).
  long report(char kind, const char* path, unsigned depth) noexcept {
    if (kind != 'C' && !levels_[depth].reported) {
      levels_[depth].reported = true;
      size_t parent = text_size(path);
      while (path[parent] != '/') {
        --parent;
      }
      if (const long result = add('C', path, parent); result < 0) {
        return result;
      }
    }
    return add(kind, path, text_size(path));
  }

  long add(char kind, const char* path, size_t size) noexcept {
    if (const long result = report_.begin(size + 2); result < 0) {
      return result;
    }
    report_.add(&kind, 1);
    report_.add(path, size);
    report_.add("", 1);
    return 0;
  }

  Worker& worker_;
  Walk walk_{false};
  Level levels_[Walk::kDeepest + 1];
  uint32_t* memory_ = nullptr;
  const char* last_ = "";
  char hidden_[kMostPath] = {};
  ReportBuffer report_{worker_};
};

}  // namespace

void run_changes(Worker& worker) noexcept {
  if (worker.descriptor_count == 0) {
    fail_work(worker, Step::StartWork, -EBADMSG, "");
    return;
  }
  static Changes changes{worker};
  changes.run();
}

}  // namespace dunnage::launcher
