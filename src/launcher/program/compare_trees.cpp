// SPDX-License-Identifier: Apache-2.0
// What differs between two trees. Each is walked once, and each of its entries is looked for in the other.

#include "launcher/program/compare_content.hpp"
#include "launcher/program/copy.hpp"
#include "launcher/program/counterpart.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/report_buffer.hpp"
#include "launcher/program/work.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {
namespace {

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
      fail_work(worker_, step_of_walk(result, step_), result, last_);
    }
    return result;
  }

  void note(const WalkEntry& entry) noexcept {
    step_ = Step::ReadDirectory;
    __builtin_memcpy(last_, entry.path, text_size(entry.path) + 1);
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
  }

  long visit_before(const WalkEntry& entry) noexcept {
    note(entry);
    if (worker_.descriptor_count == 1) {
      count(entry.status);
      return 0;
    }
    long result = report_links(CompareKind::LinkBefore, entry);
    Counterpart other;
    result = result < 0 ? result : other.look(worker_.descriptors[1], entry.path);
    if (result < 0) {
      return result;
    }
    if (!other.there()) {
      return report(CompareKind::Deleted, 0, entry);
    }
    if (kind_of(entry.status) != kind_of(other.status)) {
      return report(CompareKind::OtherKind, 0, entry);
    }
    uint32_t what = 0;
    step_ = Step::ReadEntry;
    result = content_.compare({entry.fd, entry.status}, {other.fd, other.status}, what);
    return result < 0 || what == 0 ? result : report(CompareKind::Changed, what, entry);
  }

  long visit_after(const WalkEntry& entry) noexcept {
    note(entry);
    long result = report_links(CompareKind::LinkAfter, entry);
    Counterpart other;
    result = result < 0 ? result : other.look(worker_.descriptors[0], entry.path);
    return result < 0 || other.there() ? result : report(CompareKind::Added, 0, entry);
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
    return report_.tell_of(record, entry.path);
  }

  Worker& worker_;
  ContentComparison content_;
  Step step_ = Step::ReadDirectory;
  char last_[kMostPath] = {};
  ReportBuffer report_{worker_};
  Walk walk_{false};
};

}  // namespace

void run_compare(Worker& worker) noexcept { run_large<Comparison>(worker, 1); }

}  // namespace dunnage::launcher
