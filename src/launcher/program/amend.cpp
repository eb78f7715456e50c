// SPDX-License-Identifier: Apache-2.0
// Taking over what the upper directory of an overlay has into the lower one, entry by entry, and tidying up above.
//
// What is new is made in a directory of the work's own, which nobody else can enter, and appears by a rename. Files and
// directories are made there before anything appears, and synced all at once: a name that leads to a file whose content
// is not on the disk leads to an empty one, or to zeros, when the power is cut. Neither side is trusted: each path is
// opened below its directory, over no link.

#include "launcher/detach.hpp"
#include "launcher/program/copy.hpp"
#include "launcher/program/file_attributes.hpp"
#include "launcher/program/held_entry.hpp"
#include "launcher/program/overlay_marks.hpp"
#include "launcher/program/parent_directory.hpp"
#include "launcher/program/record_list.hpp"
#include "launcher/program/remove.hpp"
#include "launcher/program/upper_tidying.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {
namespace {

constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
constexpr unsigned kExchange = 2;   // RENAME_EXCHANGE
constexpr uint32_t kMarksText = 1;

class Amendment {
 public:
  explicit Amendment(Worker& worker) noexcept
      : worker_{worker}, copy_{worker}, marks_{same_text(text_at(worker, kMarksText), "user")} {
    above_.tree = worker.descriptors[0];
    below_.tree = worker.descriptors[1];
  }

  void run() noexcept {
    copy_.own_uid = static_cast<uint32_t>(raw_syscall(__NR_geteuid));
    copy_.own_gid = static_cast<uint32_t>(raw_syscall(__NR_getegid));
    thread_ = new_thread(copy_);
    (void)remove_tree(below_.tree, text_at(worker_, 0));  // what a killed work left
    if (thread_ == nullptr) {
      fail_work(worker_, Step::ReadRecords, -ENOMEM, "");
      return;
    }
    const bool copied = each([&](const AmendRecord& record, const char* path) {
      if (record.action == AmendAction::MakeDirectory) {
        return stage_directory(path);
      }
      return record.action == AmendAction::Put ? copy(path) : 0;
    });
    if (copied && !has_failed(worker_) && sync_stage()) {
      (void)each([&](const AmendRecord& record, const char* path) { return obey(record, path); });
    }
    finish();
  }

 private:
  /// Does it with each record until it fails. \return false, and the work has failed, if they cannot be read
  template <typename Act>
  bool each(Act&& act) noexcept {
    number_ = 0;
    return each_record<AmendRecord>(
        worker_, worker_.descriptors[2], [](const AmendRecord& record) { return record.other_size; },
        [&](const AmendRecord& record, const char* path) {
          ++number_;
          const char* other = path + record.path_size;
          const bool whole =
              record.path_size <= kMostPath && record.other_size > 0 && other[record.other_size - 1] == '\0';
          const long result = whole ? act(record, path) : -EBADMSG;
          if (result < 0) {
            fail_work(worker_, whole ? step_ : Step::ReadRecords, result, whole ? path : "");
          }
          return !has_failed(worker_);
        });
  }

  long obey(const AmendRecord& record, const char* path) noexcept {
    worker_.entries.fetch_add(record.action == AmendAction::Put ? 0 : 1, std::memory_order_relaxed);
    switch (record.action) {
      case AmendAction::Put:
        return place(path, 0);
      case AmendAction::MakeDirectory:
        return make_directory(path);
      case AmendAction::Give:
        return give(path);
      case AmendAction::Link:
        return link(path, path + record.path_size);
      case AmendAction::Remove:
        return remove(path);
      case AmendAction::Unveil:
        return tidying_.unveil(path);
      case AmendAction::Drop:
        return tidying_.drop(path);
    }
    return -EBADMSG;
  }

  /// What is called `path`, O_PATH; -errno.
  int open(ParentDirectory& side, const char* path, unsigned flags = O_PATH | O_NOFOLLOW) noexcept {
    step_ = Step::OpenEntry;
    const char* leaf = path;
    const int directory = side.open(path, leaf);
    return directory < 0 ? directory : kernel::open_at2(directory, leaf, flags, kOneComponent);
  }

  /// Where what is new is made; made when it is first needed. -errno
  int stage() noexcept {
    if (stage_ >= 0) {
      return stage_;
    }
    step_ = Step::MakeEntry;
    const char* name = text_at(worker_, 0);
    if (const int made = make_directory_at(below_.tree, name, 0700); made < 0) {
      return made;
    }
    stage_ = kernel::open_at2(below_.tree, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kAmendResolve);
    for (const char* inherited : {"system.posix_acl_default", "system.posix_acl_access"}) {
      if (stage_ >= 0 && remove_attribute(stage_, inherited) < 0) {
        return -EACCES;
      }
    }
    parent_.target = stage_;
    parent_.inherits_group = true;
    return stage_;
  }

  /// What is made in the stage for the record that is obeyed: no two have the same name there.
  const char* staged() noexcept { return write_number(number_, 10, digits_); }

  /// What was made in the stage takes its place, at one instant.
  long place(const char* path, unsigned flags) noexcept {
    step_ = Step::ReplaceEntry;
    changes_below_ = true;
    const char* leaf = path;
    const int directory = below_.open(path, leaf);
    if (directory < 0) {
      return directory;
    }
    const long made = as_argument(staged());
    long result = raw_syscall(__NR_renameat2, stage_, made, directory, as_argument(leaf), flags);
    if (result == -EISDIR || result == -ENOTDIR || result == -EEXIST || result == -ENOTEMPTY) {
      result = raw_syscall(__NR_renameat2, stage_, made, directory, as_argument(leaf), kExchange);
    }
    return result < 0 ? result : clear();
  }

  /// Deletes what is in the stage, if there is something.
  long clear() noexcept {
    long result = raw_syscall(__NR_unlinkat, stage_, as_argument(staged()), 0);
    if (result == -EISDIR || result == -EPERM) {
      result = -static_cast<long>(remove_tree(stage_, staged()));
    }
    return result == -ENOENT ? 0 : result;
  }

  /// Into the stage; it takes its place later.
  long copy(const char* path) noexcept {
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
    Held entry{open(above_, path)};
    long result = entry.look();
    const int made = result < 0 ? static_cast<int>(result) : stage();
    if (made < 0) {
      return made;
    }
    if (entry.is_directory() || marks_.is_hiding(entry.fd, entry.status)) {
      return -ESTALE;
    }
    entry.status.stx_nlink = 1;  // further names are links, see link()
    (void)copy_leaf(*thread_, CopySource{parent_, path, entry.fd, entry.status, false, staged()});
    return 0;  // it has said what failed
  }

  /// What was copied is on the disk.
  bool sync_stage() noexcept {
    const long result = stage_ < 0 ? 0 : raw_syscall(__NR_syncfs, stage_);
    if (result < 0) {
      fail_work(worker_, Step::SyncFiles, result, "");
    }
    return result >= 0;
  }

  bool is_directory_below(const char* path) noexcept {
    Held known{open(below_, path)};
    return known.look() >= 0 && known.is_directory();
  }

  /// With its mode and owner, which are on the disk with what is copied, and so before its name is.
  long stage_directory(const char* path) noexcept {
    if (is_directory_below(path)) {
      return 0;
    }
    Held entry{open(above_, path)};
    long result = entry.look();
    const int made = result < 0 ? static_cast<int>(result) : stage();
    if (made < 0) {
      return made;
    }
    step_ = Step::MakeEntry;
    result = entry.is_directory() ? make_directory_at(made, staged(), 0700) : -ESTALE;
    Held directory{result < 0 ? static_cast<int>(result)
                              : kernel::open_at2(made, staged(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kAmendResolve)};
    result = directory.look();
    return result < 0 ? result : give(entry, directory);
  }

  long make_directory(const char* path) noexcept {
    if (!is_directory_below(path)) {
      return place(path, kNoReplace);
    }
    const long result = give(path);
    return result < 0 || stage_ < 0 ? result : clear();  // it may have come meanwhile
  }

  long give(const char* path) noexcept {
    Held from{open(above_, path)};
    Held to{open(below_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
    long result = from.look();
    result = result < 0 ? result : to.look();
    if (result >= 0 && !from.is_directory()) {
      result = -ESTALE;
    }
    return result < 0 ? result : give(from, to);
  }

  long give(const Held& from, const Held& to) noexcept {
    changes_below_ = true;
    long result = 0;
    if (from.status.stx_uid != to.status.stx_uid || from.status.stx_gid != to.status.stx_gid) {
      step_ = Step::SetOwner;
      result = set_owner(to.fd, from.status.stx_uid, from.status.stx_gid);
    }
    result = result < 0 ? result : remove_attributes(from.fd, to.fd);
    result = result < 0 ? result : copy_attributes(*thread_, from.fd, to.fd, step_);
    if (result >= 0) {
      step_ = Step::SetMode;
      result = set_mode(to.fd, from.status.stx_mode & 07777U);
    }
    if (result >= 0) {
      step_ = Step::SetTimes;
      result = set_times(to.fd, time_of(from.status.stx_atime), time_of(from.status.stx_mtime));
    }
    return result;
  }

  /// Those that `from` has not.
  long remove_attributes(int from, int to) noexcept {
    step_ = Step::ReadAttributes;
    const long size = list_attributes(to, thread_->names, sizeof thread_->names);
    return each_attribute(thread_->names, size, [&](const char* name) -> long {
      if (get_attribute(from, name, thread_->value, sizeof thread_->value) != -ENODATA) {
        return 0;
      }
      step_ = Step::SetAttribute;
      return remove_attribute(to, name);
    });
  }

  long link(const char* path, const char* first) noexcept {
    Held entry{open(below_, first)};
    long result = entry.look();
    const int made = result < 0 ? static_cast<int>(result) : stage();
    if (made < 0) {
      return made;
    }
    step_ = Step::LinkEntry;
    result = raw_syscall(__NR_linkat, AT_FDCWD, as_argument(DescriptorPath{entry.fd}.text), made, as_argument(staged()),
                         AT_SYMLINK_FOLLOW);
    return result < 0 ? result : place(path, 0);
  }

  long remove(const char* path) noexcept {
    const int made = stage();
    step_ = Step::ReplaceEntry;
    const char* leaf = path;
    const int directory = made < 0 ? made : below_.open(path, leaf);
    if (directory < 0) {
      return directory == -ENOENT ? 0 : directory;
    }
    changes_below_ = true;
    const long result =
        raw_syscall(__NR_renameat2, directory, as_argument(leaf), made, as_argument(staged()), kNoReplace);
    if (result < 0) {
      return result == -ENOENT ? 0 : result;
    }
    return clear();
  }

  /// The stage goes, and what was done is on the disk.
  void finish() noexcept {
    if (stage_ >= 0) {
      (void)raw_syscall(__NR_unlinkat, below_.tree, as_argument(text_at(worker_, 0)), AT_REMOVEDIR);
      if (has_failed(worker_)) {
        (void)remove_tree(below_.tree, text_at(worker_, 0));
      }
    }
    if (changes_below_) {
      sync(below_);
    }
    sync(above_);
  }

  void sync(const ParentDirectory& side) noexcept {
    const Held top{kernel::open_at2(side.tree, ".", O_RDONLY | O_DIRECTORY, kAmendResolve)};
    const long result = top.fd < 0 ? top.fd : raw_syscall(__NR_syncfs, top.fd);
    if (result < 0) {
      fail_work(worker_, Step::SyncFiles, result, "");
    }
  }

  Worker& worker_;
  Copy copy_;
  CopyThread* thread_ = nullptr;
  CopyNode parent_;
  OverlayMarks marks_;
  ParentDirectory above_;
  ParentDirectory below_;
  Step step_ = Step::ReadRecords;
  UpperTidying tidying_{above_, below_, marks_, step_};
  int stage_ = -1;
  bool changes_below_ = false;
  uint64_t number_ = 0;  ///< of the record that is obeyed
  char digits_[24] = {};
};

}  // namespace

void run_amend(Worker& worker) noexcept { run_large<Amendment>(worker, 3); }

}  // namespace dunnage::launcher
