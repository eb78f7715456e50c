// SPDX-License-Identifier: Apache-2.0
// Taking over what the upper directory of an overlay has into the lower one, entry by entry, and tidying up above.
//
// What is new is made in a directory of the work's own, which nobody else can enter, and appears by a rename. Neither
// side is trusted: each path is opened below its directory, over no link.

#include "launcher/program/copy.hpp"
#include "launcher/program/each_entry.hpp"
#include "launcher/program/entry.hpp"
#include "launcher/program/file_attributes.hpp"
#include "launcher/program/overlay_marks.hpp"
#include "launcher/program/parent_directory.hpp"
#include "launcher/program/record_list.hpp"
#include "launcher/program/remove.hpp"
#include "launcher/program/work.hpp"

namespace dunnage::launcher {
namespace {

constexpr uint64_t kAmendResolve = kOneComponent | RESOLVE_NO_SYMLINKS;
constexpr unsigned kNoReplace = 1;  // RENAME_NOREPLACE
constexpr unsigned kExchange = 2;   // RENAME_EXCHANGE
constexpr uint32_t kMarksText = 1;

/// A descriptor that is closed in the end.
struct Held {
  int fd = -1;
  struct statx status {};

  explicit Held(int opened) noexcept : fd{opened} {}
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;
  ~Held() {
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
  }
  /// 0 or -errno
  long look() noexcept { return fd < 0 ? fd : status_of(fd, status); }
  [[nodiscard]] bool is_directory() const noexcept { return fd >= 0 && kind_of(status) == S_IFDIR; }
};

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
    const bool read = each_record<AmendRecord>(
        worker_, worker_.descriptors[2], [](const AmendRecord& record) { return record.other_size; },
        [&](const AmendRecord& record, const char* path) { return take(record, path); });
    if (read) {
      finish();
    }
  }

 private:
  /// \return whether the work goes on
  bool take(const AmendRecord& record, const char* path) noexcept {
    const char* other = path + record.path_size;
    const bool whole = record.path_size <= kMostPath && record.other_size > 0 && other[record.other_size - 1] == '\0';
    const long result = whole ? obey(record, path) : -EBADMSG;
    if (result < 0) {
      fail_work(worker_, whole ? step_ : Step::ReadRecords, result, whole ? path : "");
    }
    worker_.entries.fetch_add(1, std::memory_order_relaxed);
    return !has_failed(worker_);
  }

  long obey(const AmendRecord& record, const char* path) noexcept {
    switch (record.action) {
      case AmendAction::Put:
        return put(path);
      case AmendAction::MakeDirectory:
        return make_directory(path);
      case AmendAction::Give:
        return give(path);
      case AmendAction::Link:
        return link(path, path + record.path_size);
      case AmendAction::Remove:
        return remove(path);
      case AmendAction::Unveil:
        return unveil(path);
      case AmendAction::Drop:
        return drop(path);
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

  /// What was made in the stage takes its place, at one instant.
  long place(const char* path, const char* leaf, unsigned flags) noexcept {
    step_ = Step::ReplaceEntry;
    const char* same = path;
    const int directory = below_.open(path, same);
    if (directory < 0) {
      return directory;
    }
    long result = raw_syscall(__NR_renameat2, stage_, as_argument(leaf), directory, as_argument(leaf), flags);
    if (result == -EISDIR || result == -ENOTDIR || result == -EEXIST || result == -ENOTEMPTY) {
      result = raw_syscall(__NR_renameat2, stage_, as_argument(leaf), directory, as_argument(leaf), kExchange);
    }
    if (result >= 0) {
      result = clear(leaf);
    }
    return result;
  }

  /// Deletes what is in the stage, if there is something.
  long clear(const char* leaf) noexcept {
    long result = raw_syscall(__NR_unlinkat, stage_, as_argument(leaf), 0);
    if (result == -EISDIR || result == -EPERM) {
      result = -static_cast<long>(remove_tree(stage_, leaf));
    }
    return result == -ENOENT ? 0 : result;
  }

  static const char* leaf_of(const char* path) noexcept {
    const char* leaf = path;
    for (const char* at = path; *at != '\0'; ++at) {
      leaf = *at == '/' ? at + 1 : leaf;
    }
    return leaf;
  }

  long put(const char* path) noexcept {
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
    const CopySource source{parent_, leaf_of(path), entry.fd, entry.status, false};
    if (!copy_leaf(*thread_, source)) {
      return 0;  // it has said what failed
    }
    return place(path, source.name, 0);
  }

  long make_directory(const char* path) noexcept {
    {
      Held known{open(below_, path)};
      if (known.look() >= 0 && known.is_directory()) {
        return give(path);
      }
    }
    Held entry{open(above_, path)};
    long result = entry.look();
    const int made = result < 0 ? static_cast<int>(result) : stage();
    if (made < 0) {
      return made;
    }
    const char* leaf = leaf_of(path);
    step_ = Step::MakeEntry;
    result = entry.is_directory() ? make_directory_at(made, leaf, 0700) : -ESTALE;
    Held directory{result < 0 ? static_cast<int>(result)
                              : kernel::open_at2(made, leaf, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kAmendResolve)};
    result = directory.look();
    result = result < 0 ? result : give(entry, directory);
    return result < 0 ? result : place(path, leaf, kNoReplace);
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
    const char* leaf = leaf_of(path);
    step_ = Step::LinkEntry;
    result = raw_syscall(__NR_linkat, AT_FDCWD, as_argument(DescriptorPath{entry.fd}.text), made, as_argument(leaf),
                         AT_SYMLINK_FOLLOW);
    return result < 0 ? result : place(path, leaf, 0);
  }

  long remove(const char* path) noexcept {
    const int made = stage();
    step_ = Step::ReplaceEntry;
    const char* leaf = path;
    const int directory = made < 0 ? made : below_.open(path, leaf);
    if (directory < 0) {
      return directory == -ENOENT ? 0 : directory;
    }
    const long result = raw_syscall(__NR_renameat2, directory, as_argument(leaf), made, as_argument(leaf), kNoReplace);
    if (result < 0) {
      return result == -ENOENT ? 0 : result;
    }
    return clear(leaf);
  }

  /// All that the directory hides is hidden one by one before it stops hiding it.
  long unveil(const char* path) noexcept {
    const Held above{open(above_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
    if (above.fd < 0) {
      return above.fd == -ENOENT || above.fd == -ENOTDIR || above.fd == -ELOOP ? 0 : above.fd;
    }
    if (!marks_.is_opaque(above.fd)) {
      return 0;
    }
    const Held below{open(below_, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)};
    const bool absent = below.fd == -ENOENT || below.fd == -ENOTDIR || below.fd == -ELOOP;
    long result = below.fd >= 0 || absent ? 0 : below.fd;
    if (below.fd >= 0) {
      result = each_entry(below.fd, entries_, [&](const DirectoryEntry& entry) { return hide(above.fd, entry.name); });
    }
    step_ = Step::SetAttribute;
    return result < 0 ? result : remove_attribute(above.fd, marks_.opaque());
  }

  long hide(int above, const char* name) noexcept {
    step_ = Step::MakeEntry;
    const Held entry{kernel::open_at2(above, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, kOneComponent)};
    if (entry.fd == -ENOENT) {
      return raw_syscall(__NR_mknodat, above, as_argument(name), S_IFCHR, 0);
    }
    if (entry.fd == -ENOTDIR || entry.fd == -ELOOP) {
      return 0;  // it hides what is below it by being there
    }
    step_ = Step::SetAttribute;
    return entry.fd < 0 ? entry.fd : set_attribute(entry.fd, marks_.opaque(), "y", 1);
  }

  long drop(const char* path) noexcept {
    step_ = Step::ReplaceEntry;
    const char* leaf = path;
    const int directory = above_.open(path, leaf);
    if (directory < 0) {
      return directory == -ENOENT || directory == -ENOTDIR || directory == -ELOOP ? 0 : directory;
    }
    long result = raw_syscall(__NR_unlinkat, directory, as_argument(leaf), 0);
    if (result == -EISDIR || result == -EPERM) {
      result = raw_syscall(__NR_unlinkat, directory, as_argument(leaf), AT_REMOVEDIR);
    }
    return result == -ENOENT || result == -ENOTEMPTY || result == -EEXIST ? 0 : result;
  }

  /// The stage goes, and what was done is on the disk.
  void finish() noexcept {
    if (stage_ >= 0) {
      (void)raw_syscall(__NR_unlinkat, below_.tree, as_argument(text_at(worker_, 0)), AT_REMOVEDIR);
      if (has_failed(worker_)) {
        (void)remove_tree(below_.tree, text_at(worker_, 0));
      }
    }
    const Held above{kernel::open_at2(above_.tree, ".", O_RDONLY | O_DIRECTORY, kAmendResolve)};
    for (const int fd : {stage_, above.fd}) {
      const long result = fd < 0 ? 0 : raw_syscall(__NR_syncfs, fd);
      if (result < 0) {
        fail_work(worker_, Step::SyncFiles, result, "");
      }
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
  int stage_ = -1;
  alignas(8) char entries_[8192] = {};
};

}  // namespace

void run_amend(Worker& worker) noexcept { run_large<Amendment>(worker, 3); }

}  // namespace dunnage::launcher
