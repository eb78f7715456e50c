// SPDX-License-Identifier: Apache-2.0
// What the upper directory of an overlay changes of the one lower directory: all that is in it, and all that it hides.

#include "launcher/program/compare_content.hpp"
#include "launcher/program/copy.hpp"
#include "launcher/program/counterpart.hpp"
#include "launcher/program/each_entry.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/entry_hash.hpp"
#include "launcher/program/overlay_marks.hpp"
#include "launcher/program/report_buffer.hpp"
#include "launcher/program/work.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {
namespace {

class Revelation {
 public:
  explicit Revelation(Worker& worker) noexcept
      : worker_{worker}, content_{worker}, marks_{(worker.request.flags & kRevealUserMarks) != 0} {}

  void run() noexcept {
    long result = 0;
    if (worker_.descriptor_count == 1) {
      WalkEntry top{".", worker_.descriptors[0], {}};
      result = status_of(top.fd, top.status);
      result = result < 0 ? result : visit_lower(top);
      result =
          result < 0 ? result : walk_.run(top.fd, [&](const WalkEntry& entry, Visit&) { return visit_lower(entry); });
    } else {
      result = visit_top();
      result = result < 0 ? result : walk_.run(upper(), [&](const WalkEntry& entry, Visit&) { return visit(entry); });
    }
    if (result < 0) {
      fail_work(worker_, step_of_walk(result, Step::ReadEntry), result, last_);
    } else if (report_.flush() < 0) {
      fail_work(worker_, Step::StartWork, -EPIPE, "");
    }
  }

 private:
  [[nodiscard]] int upper() const noexcept { return worker_.descriptors[0]; }
  [[nodiscard]] int lower() const noexcept { return worker_.descriptors[1]; }

  static unsigned depth_of(const char* path) noexcept {
    unsigned depth = 0;
    for (size_t index = 0; path[index] != '\0'; ++index) {
      depth += path[index] == '/' ? 1 : 0;
    }
    return depth;
  }

  void note(const char* path) noexcept {
    __builtin_memcpy(last_, path, text_size(path) + 1);
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
  }

  long visit_lower(const WalkEntry& entry) noexcept {
    note(entry.path);
    RevealRecord record;
    record.kind = RevealKind::Lower;
    record.marks = kRevealThere;
    state_of(entry.status, record.lower);
    if (kind_of(entry.status) == S_IFDIR) {
      if (const long result = hash_.attributes(entry.fd, record.lower.attributes); result < 0) {
        return result;
      }
    }
    return report_.tell_of(record, entry.path);
  }

  /// The directory itself.
  long visit_top() noexcept {
    struct statx above {};
    struct statx below {};
    long result = status_of(upper(), above);
    result = result < 0 ? result : status_of(lower(), below);
    return result < 0 ? result : report_both({upper(), above}, {lower(), below}, 0, ".");
  }

  long visit(const WalkEntry& entry) noexcept {
    note(entry.path);
    const unsigned depth = depth_of(entry.path);
    if (depth + 1 > Walk::kDeepest) {
      return -ELOOP;
    }
    Counterpart known;
    if (const long result = known.look(lower(), entry.path); result < 0) {
      return result;
    }
    const uint32_t covered = known.covered ? kRevealCovered : 0U;
    hidden_[depth + 1] = hidden_[depth];
    if (marks_.is_hiding(entry.fd, entry.status)) {
      return report_tree(known, covered, entry.path);  // one that hides nothing is told, too
    }
    const bool directory = kind_of(entry.status) == S_IFDIR;
    if (directory && (marks_.is_opaque(entry.fd) || (known.there() && !known.is_directory()))) {
      hidden_[depth + 1] = true;
    }
    const uint32_t opaque = directory && marks_.is_opaque(entry.fd) ? kRevealOpaque : 0U;
    long result = known.there() ? report_both({entry.fd, entry.status}, {known.fd, known.status}, opaque, entry.path)
                                : report_upper(entry, opaque | covered);
    if (result >= 0 && known.is_directory() && (!directory || hidden_[depth + 1])) {
      result = report_hidden(known.fd, directory ? entry.fd : -1, entry.path);
    }
    return result;
  }

  static void state_of(const struct statx& status, EntryState& state) noexcept {
    state.mode = status.stx_mode;
    state.uid = status.stx_uid;
    state.gid = status.stx_gid;
    state.links = status.stx_nlink;
    state.size = status.stx_size;
    state.inode = status.stx_ino;
    state.modified = status.stx_mtime.tv_sec;
    state.modified_nanoseconds = status.stx_mtime.tv_nsec;
    state.changed = status.stx_ctime.tv_sec;
    state.changed_nanoseconds = status.stx_ctime.tv_nsec;
  }

  long describe_upper(int fd, const struct statx& status, EntryState& state) noexcept {
    state_of(status, state);
    state.handle = kind_of(status) == S_IFDIR ? 0 : EntryHash::origin(fd, marks_.origin());
    return kind_of(status) == S_IFLNK ? 0 : hash_.attributes(fd, state.attributes);
  }

  long describe_lower(int fd, const struct statx& status, EntryState& state) noexcept {
    state_of(status, state);
    state.handle = kind_of(status) == S_IFDIR ? 0 : EntryHash::handle(fd);
    return kind_of(status) == S_IFLNK ? 0 : hash_.attributes(fd, state.attributes);
  }

  long report_both(const ComparedEntry& above, const ComparedEntry& below, uint32_t marks, const char* path) noexcept {
    RevealRecord record;
    record.kind = RevealKind::Upper;
    record.marks = marks | kRevealThere;
    long result = describe_upper(above.fd, above.status, record.upper);
    result = result < 0 ? result : describe_lower(below.fd, below.status, record.lower);
    if (result >= 0 && kind_of(above.status) == kind_of(below.status)) {
      result = content_.compare(above, below, record.what);
    }
    return result < 0 ? result : report_.tell_of(record, path);
  }

  long report_upper(const WalkEntry& entry, uint32_t marks) noexcept {
    RevealRecord record;
    record.kind = RevealKind::Upper;
    record.marks = marks;
    const long result = describe_upper(entry.fd, entry.status, record.upper);
    return result < 0 ? result : report_.tell_of(record, entry.path);
  }

  /// What is in a directory of the lower one, and not in that of the upper one; -1: there is none.
  long report_hidden(int directory, int above, const char* path) noexcept {
    const int fd = kernel::open_at2(directory, ".", O_RDONLY | O_DIRECTORY, kOneComponent | RESOLVE_NO_SYMLINKS);
    if (fd < 0) {
      return fd;
    }
    const size_t size = text_size(path);
    const long result = each_entry(fd, entries_, [&](const DirectoryEntry& found) -> long {
      struct statx status {};
      if (above >= 0 && raw_syscall(__NR_statx, above, as_argument(found.name), AT_SYMLINK_NOFOLLOW, STATX_TYPE,
                                    as_argument(&status)) >= 0) {
        return 0;  // what the upper directory tells of by itself
      }
      if (size + 1 + text_size(found.name) + 1 > sizeof below_) {
        return -ENAMETOOLONG;
      }
      __builtin_memcpy(below_, path, size);
      below_[size] = '/';
      __builtin_memcpy(below_ + size + 1, found.name, text_size(found.name) + 1);
      Counterpart known;
      const long looked = known.look(lower(), below_);
      const uint32_t covered = known.covered ? kRevealCovered : 0U;
      return looked < 0 ? looked : known.there() || known.covered ? report_tree(known, covered, below_) : 0;
    });
    (void)close_descriptor(fd);
    return result;
  }

  /// A hidden entry, and all below it.
  long report_tree(const Counterpart& top, uint32_t marks, const char* path) noexcept {
    RevealRecord record;
    record.kind = RevealKind::Hidden;
    record.marks = marks | (top.there() ? kRevealThere : 0U);
    long result = top.there() ? describe_lower(top.fd, top.status, record.lower) : 0;
    result = result < 0 ? result : report_.tell_of(record, path);
    if (result < 0 || !top.is_directory()) {
      return result;
    }
    const size_t size = text_size(path);
    __builtin_memmove(hidden_path_, path, size);
    return hidden_walk_.run(top.fd, [&](const WalkEntry& entry, Visit&) -> long {
      const size_t rest = text_size(entry.path);
      if (size + 1 + rest + 1 > sizeof hidden_path_) {
        return -ENAMETOOLONG;
      }
      hidden_path_[size] = '/';
      __builtin_memcpy(hidden_path_ + size + 1, entry.path, rest + 1);
      worker_.entries.fetch_add(1, std::memory_order_relaxed);
      RevealRecord inner;
      inner.kind = RevealKind::Hidden;
      inner.marks = kRevealThere;
      const long described = describe_lower(entry.fd, entry.status, inner.lower);
      return described < 0 ? described : report_.tell_of(inner, hidden_path_);
    });
  }

  Worker& worker_;
  ContentComparison content_;
  OverlayMarks marks_;
  EntryHash hash_;
  bool hidden_[Walk::kDeepest + 1] = {};  ///< by the number of directories on the way: nothing below shows through
  char last_[kMostPath] = {};
  char below_[kMostPath] = {};
  char hidden_path_[kMostPath] = {};
  alignas(8) char entries_[8192] = {};
  ReportBuffer report_{worker_};
  Walk walk_{false};
  Walk hidden_walk_{false};
};

}  // namespace

void run_reveal(Worker& worker) noexcept { run_large<Revelation>(worker, 1); }

}  // namespace dunnage::launcher
