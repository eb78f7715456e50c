// SPDX-License-Identifier: Apache-2.0
// What differs between two trees. Each is walked once, and each of its entries is looked for in the other.

#include "launcher/program/compare_content.hpp"
#include "launcher/program/copy.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/report_buffer.hpp"
#include "launcher/program/work.hpp"
#include "launcher/walk.hpp"

#include <new>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kInOther = kOneComponent | RESOLVE_NO_SYMLINKS;

class Comparison {
 public:
  explicit Comparison(Worker& worker) noexcept : worker_{worker}, content_{worker} {}

  void run() noexcept {
    long result = walk_tree(0, &Comparison::visit_before);
    if (result >= 0 && worker_.descriptor_count > 1) {
      result = walk_tree(1, &Comparison::visit_after);
    }
    if (result >= 0 && report_.flush() < 0) {
      fail_work(worker_, Step::StartWork, -EPIPE, "");
    }
  }

 private:
  using Visitor = long (Comparison::*)(const WalkEntry&) noexcept;

  long walk_tree(unsigned tree, Visitor visitor) noexcept {
    last_[0] = '\0';
    const long result =
        walk_.run(worker_.descriptors[tree], [&](const WalkEntry& entry, Visit&) { return (this->*visitor)(entry); });
    if (result < 0) {
      fail_work(worker_,
                result == -ELOOP   ? Step::BoundDepth
                : result == -E2BIG ? Step::BoundEntries
                                   : step_,
                result, last_);
    }
    return result;
  }

  void note(const WalkEntry& entry) noexcept {
    step_ = Step::ReadDirectory;
    __builtin_memcpy(last_, entry.path, text_size(entry.path) + 1);
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
  }

  /// The same path in the other tree; `fd` is -1 if there is none.
  long look_in(unsigned tree, const char* path, int& fd, struct statx& status) noexcept {
    // the last component may be a link; one on the way there leads elsewhere, so that nothing is there
    fd = kernel::open_at2(worker_.descriptors[tree], path, O_PATH | O_NOFOLLOW, kInOther);
    if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP || fd == -EXDEV) {
      fd = -1;
      return 0;
    }
    if (fd < 0) {
      return fd;
    }
    const long result = status_of(fd, status);
    if (result < 0) {
      (void)close_descriptor(fd);
      fd = -1;
    }
    return result;
  }

  long visit_before(const WalkEntry& entry) noexcept {
    note(entry);
    if (worker_.descriptor_count == 1) {
      count(entry.status);
      return 0;
    }
    long result = report_links(CompareKind::LinkBefore, entry);
    int other = -1;
    struct statx status {};
    result = result < 0 ? result : look_in(1, entry.path, other, status);
    if (result < 0) {
      return result;
    }
    if (other < 0) {
      return report(CompareKind::Deleted, 0, entry);
    }
    if (kind_of(entry.status) != kind_of(status)) {
      result = report(CompareKind::OtherKind, 0, entry);
    } else {
      uint32_t what = 0;
      step_ = Step::ReadEntry;
      result = content_.compare({entry.fd, entry.status}, {other, status}, what);
      result = result < 0 || what == 0 ? result : report(CompareKind::Changed, what, entry);
    }
    (void)close_descriptor(other);
    return result;
  }

  long visit_after(const WalkEntry& entry) noexcept {
    note(entry);
    long result = report_links(CompareKind::LinkAfter, entry);
    int other = -1;
    struct statx status {};
    result = result < 0 ? result : look_in(0, entry.path, other, status);
    if (result < 0) {
      return result;
    }
    if (other < 0) {
      return report(CompareKind::Added, 0, entry);
    }
    (void)close_descriptor(other);
    return 0;
  }

  /// What has several names is copied once, so each counts for its part.
  void count(const struct statx& status) noexcept {
    if (kind_of(status) == S_IFREG) {
      const uint64_t names = status.stx_nlink == 0 ? 1 : status.stx_nlink;
      worker_.bytes.fetch_add(status.stx_blocks * 512 / names, std::memory_order_relaxed);
    }
  }

  long report_links(CompareKind kind, const WalkEntry& entry) noexcept {
    return kind_of(entry.status) == S_IFDIR || entry.status.stx_nlink < 2 ? 0 : report(kind, 0, entry);
  }

  long report(CompareKind kind, uint32_t what, const WalkEntry& entry) noexcept {
    CompareRecord record;
    record.kind = kind;
    record.what = what;
    record.inode = entry.status.stx_ino;
    record.path_size = static_cast<uint32_t>(text_size(entry.path));
    if (const long result = report_.begin(sizeof record + record.path_size); result < 0) {
      return result;
    }
    report_.add(&record, sizeof record);
    report_.add(entry.path, record.path_size);
    return 0;
  }

  Worker& worker_;
  ContentComparison content_;
  Step step_ = Step::ReadDirectory;
  char last_[kMostPath] = {};
  ReportBuffer report_{worker_};
  Walk walk_{false};
};

}  // namespace

void run_compare(Worker& worker) noexcept {
  auto* memory = map_memory(sizeof(Comparison));
  if (memory == nullptr || worker.descriptor_count < 1) {
    fail_work(worker, Step::StartWork, memory == nullptr ? -ENOMEM : -EBADMSG, "");
    return;
  }
  (new (memory) Comparison{worker})->run();
}

}  // namespace dunnage::launcher
