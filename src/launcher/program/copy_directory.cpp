// SPDX-License-Identifier: Apache-2.0
// Working through the directories of a tree.

#include "launcher/directory_entry.hpp"
#include "launcher/program/copy.hpp"

#include <linux/magic.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kFewEntries = 64;  ///< too few for a second thread to be worth its start

/// Owner, mode, attributes and times of a directory that is done.
bool finish_directory(CopyThread& thread, const CopyNode& node) noexcept {
  const Copy& copy = *thread.copy;
  if (node.parent == nullptr && copy.is(kCopyMerge) && !copy.is(kCopyEntry)) {
    return true;  // what was copied into was there before
  }
  if (copy.is(kCopyKeep) && !node.made) {
    return true;
  }
  Step step = Step::SetOwner;
  long result = set_owner(node.target, uid_of_copy(copy, node.status), gid_of_copy(copy, node.status));
  if (result >= 0) {
    step = Step::SetMode;
    result = raw_syscall(__NR_fchmod, node.target, node.status.stx_mode & 07777U);
  }
  result = result < 0 ? result : copy_attributes(thread, node.source, node.target, step);
  if (result >= 0) {
    step = Step::SetTimes;
    result = set_times(node.target, time_of(node.status.stx_atime), time_of(node.status.stx_mtime));
  }
  return result >= 0 || fail_copy(thread, step, result, node.parent, node.name);
}

/// A part of the directory is done; with the last one so is the directory, and perhaps the one it is in.
bool release(CopyThread& thread, CopyNode* node) noexcept {
  while (node != nullptr && node->pending.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    if (node->source >= 0) {
      if (!finish_directory(thread, *node)) {
        return false;
      }
      (void)close_descriptor(node->source);
      (void)close_descriptor(node->target);
    }
    CopyNode* parent = node->parent;
    thread.copy->stack.give_back(node);
    if (parent == nullptr) {
      thread.copy->stack.close();
    }
    node = parent;
  }
  return true;
}

/// Puts a directory onto the stack.
bool add_directory(CopyThread& thread, CopyNode& parent, const char* name) noexcept {
  if (parent.depth + 1 >= kDeepestCopy) {
    return fail_copy(thread, Step::BoundDepth, -ELOOP, &parent, name);
  }
  CopyNode* node = thread.copy->stack.take_free();
  if (node == nullptr) {
    return fail_copy(thread, Step::BoundEntries, -E2BIG, &parent, name);
  }
  node->parent = &parent;
  node->depth = parent.depth + 1;
  node->pending.store(1, std::memory_order_relaxed);
  __builtin_memcpy(node->name, name, text_size(name) + 1);
  parent.pending.fetch_add(1, std::memory_order_relaxed);
  thread.copy->stack.push(node);
  return true;
}

/// A copy that keeps directories as they are finds those it has made itself when it is done again after it was killed:
/// they have their mode and owner from the start. Others are closed until they are done.
uint32_t first_mode(const Copy& copy, const CopyNode& node) noexcept {
  return copy.is(kCopyKeep) ? (node.status.stx_mode & 01777U) | 0700U : 0700U;
}

/// Makes the copy of a directory, or opens the one that is there. -errno
int open_target(const Copy& copy, int parent, CopyNode& node, Step& step) noexcept {
  step = Step::MakeEntry;
  const int made = make_directory_at(parent, node.name, first_mode(copy, node));
  node.fresh = made >= 0;
  if (made < 0 && !(made == -EEXIST && copy.is(kCopyMerge))) {
    return made;
  }
  step = node.fresh ? Step::OpenEntry : Step::ReplaceEntry;
  const int target = kernel::open_at2(parent, node.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve_of(copy));
  if (target < 0 || !node.fresh || !copy.is(kCopyKeep)) {
    return target;
  }
  step = Step::SetOwner;
  const long result = set_owner(target, uid_of_copy(copy, node.status), gid_of_copy(copy, node.status));
  return result < 0 ? static_cast<int>(result) : target;
}

/// An entry whose kind nobody knows for sure before it is held.
bool copy_entry(CopyThread& thread, CopyNode& parent, const char* name, CopyNode* known) noexcept {
  const uint64_t resolve = resolve_of(*thread.copy) & ~static_cast<uint64_t>(RESOLVE_NO_SYMLINKS);
  const int fd = kernel::open_at2(parent.source, name, O_PATH | O_NOFOLLOW, resolve);
  if (fd == -ENOENT || fd == -EXDEV) {
    return known == nullptr || release(thread, known);  // it is gone, or a mount that is not to be entered
  }
  if (fd < 0) {
    return fail_copy(thread, Step::OpenEntry, fd, &parent, name);
  }
  CopySource source{parent, name, fd, {}, false};
  const long result = status_of(fd, source.status);
  bool good = result >= 0 || fail_copy(thread, Step::OpenEntry, result, &parent, name);
  if (good && kind_of(source.status) != S_IFDIR) {
    good = copy_leaf(thread, source) && (known == nullptr || release(thread, known));
  } else if (good && known == nullptr) {
    good = add_directory(thread, parent, name);
  } else if (good && thread.copy->is(kCopyMounts) && is_of_kernel(fd)) {
    good = release(thread, known);
  } else if (good) {
    known->status = source.status;
    good = open_directory(thread, *known, fd, parent.target);
    if (good) {
      thread.copy->stack.push(known);
    }
  }
  (void)close_descriptor(fd);
  return good;
}

/// Whether `status` is of what a mount shows in place of what is in the source.
bool is_of_other_mount(const Copy& copy, const struct statx& status) noexcept {
  return !copy.is(kCopyMounts) && (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// A file that the directory calls one, of a source that nobody changes; anything else goes the careful way. One name
/// of a directory that is open and no link cannot lead out of it, and openat(2) takes no lock that all processors
/// share.
bool copy_quiet_file(CopyThread& thread, CopyNode& parent, const char* name) noexcept {
  const int fd = open_at(parent.source, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  CopySource source{parent, name, fd, {}, true};
  if (fd < 0 || status_of(fd, source.status) < 0 || kind_of(source.status) != S_IFREG ||
      is_of_other_mount(*thread.copy, source.status)) {
    if (fd >= 0) {
      (void)close_descriptor(fd);
    }
    return copy_entry(thread, parent, name, nullptr);
  }
  const bool good = copy_leaf(thread, source);
  (void)close_descriptor(fd);
  return good;
}

bool copy_found(CopyThread& thread, CopyNode& parent, const DirectoryEntry& entry) noexcept {
  constexpr uint8_t kDirectoryType = 4;
  constexpr uint8_t kFileType = 8;
  if (entry.type == kDirectoryType) {
    return add_directory(thread, parent, entry.name);
  }
  return entry.type == kFileType && thread.copy->is(kCopyQuiet) ? copy_quiet_file(thread, parent, entry.name)
                                                                : copy_entry(thread, parent, entry.name, nullptr);
}

void run_thread(void* argument) noexcept;

/// Somebody else could take the rest, or a directory that waits. One that cannot be started is not missed.
void call_for_help(Copy& copy) noexcept {
  if (!copy.stack.is_backed_up() || copy.worker.entries.load(std::memory_order_relaxed) < kFewEntries) {
    return;
  }
  uint32_t threads = copy.threads.load(std::memory_order_relaxed);
  if (threads >= copy.most_threads || !copy.threads.compare_exchange_strong(threads, threads + 1)) {
    return;
  }
  CopyThread* thread = new_thread(copy);
  if (thread != nullptr) {
    (void)start_thread(run_thread, thread);
  }
}

/// Reads a part of an open directory, leaves the rest to whoever comes, and works on the part.
bool copy_part(CopyThread& thread, CopyNode& node) noexcept {
  if (thread.copy->is(kCopyTop)) {
    return release(thread, &node);
  }
  alignas(8) char entries[kEntryBuffer];
  const long size = raw_syscall(__NR_getdents64, node.source, as_argument(entries), sizeof entries);
  if (size < 0) {
    return fail_copy(thread, Step::ReadDirectory, size, node.parent, node.name);
  }
  if (size > 0) {
    node.pending.fetch_add(1, std::memory_order_relaxed);
    thread.copy->stack.push(&node);
  }
  for (long position = 0; position < size;) {
    const auto* entry = reinterpret_cast<const DirectoryEntry*>(entries + position);
    position += entry->size;
    if (is_dots(entry->name)) {
      continue;
    }
    const bool good = count_entry(thread, &node, entry->name) && copy_found(thread, node, *entry);
    if (!good || has_failed(thread.copy->worker)) {
      return false;
    }
    call_for_help(*thread.copy);
  }
  return release(thread, &node);
}

void run_thread(void* argument) noexcept {
  work_off(*static_cast<CopyThread*>(argument));
  for (;;) {
    (void)raw_syscall(__NR_exit, 0);
  }
}

}  // namespace

bool is_of_kernel(int fd) noexcept {
  constexpr long kMqueue = 0x19800202;  // the kernel's headers do not name it
  constexpr long kKinds[] = {PROC_SUPER_MAGIC,   SYSFS_MAGIC,   CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC,
                             DEVPTS_SUPER_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC,      SECURITYFS_MAGIC,
                             BPF_FS_MAGIC,       NSFS_MAGIC,    PIPEFS_MAGIC,       kMqueue};
  long status[16] = {};  // struct statfs begins with the kind
  if (raw_syscall(__NR_fstatfs, fd, as_argument(status)) < 0) {
    return false;
  }
  for (const long kind : kKinds) {
    if (status[0] == kind) {
      return true;
    }
  }
  return false;
}

bool count_entry(CopyThread& thread, const CopyNode* parent, const char* name) noexcept {
  Worker& worker = thread.copy->worker;
  if (worker.entries.fetch_add(1, std::memory_order_relaxed) >= worker.request.most_entries) {
    return fail_copy(thread, Step::BoundEntries, -E2BIG, parent, name);
  }
  return true;
}

bool forget_inherited(CopyThread& thread, const CopyNode& node) noexcept {
  for (const char* name : {"system.posix_acl_default", "system.posix_acl_access"}) {
    const long result = remove_attribute(node.target, name);
    if (result < 0) {
      return fail_copy(thread, Step::SetAttribute, result, nullptr, ".");
    }
  }
  return true;
}

bool open_directory(CopyThread& thread, CopyNode& node, int fd, int target_parent) noexcept {
  Copy& copy = *thread.copy;
  if (node.status.stx_ino == copy.top_inode && device_of(node.status) == copy.top_device) {
    return fail_copy(thread, Step::IntoItself, -EINVAL, node.parent, node.name);
  }
  node.source = kernel::open_at2(fd, ".", O_RDONLY | O_DIRECTORY, resolve_of(copy));
  if (node.source < 0) {
    return fail_copy(thread, Step::ReadDirectory, node.source, node.parent, node.name);
  }
  Step step = Step::MakeEntry;
  node.target = open_target(copy, target_parent, node, step);
  if (node.target < 0) {
    return fail_copy(thread, step, node.target, node.parent, node.name);
  }
  node.made = node.fresh;
  node.fresh = node.fresh && (node.parent == nullptr || node.parent->fresh);  // or it has inherited access lists
  struct statx status {};
  const long result = status_of(node.target, status);
  if (result < 0) {
    return fail_copy(thread, Step::OpenEntry, result, node.parent, node.name);
  }
  node.inherits_group = status.stx_gid != copy.own_gid || (status.stx_mode & S_ISGID) != 0;
  return true;
}

CopyThread* new_thread(Copy& copy) noexcept {
  auto* thread = static_cast<CopyThread*>(map_memory(sizeof(CopyThread)));
  if (thread != nullptr) {
    thread->copy = &copy;
  }
  return thread;
}

void work_off(CopyThread& thread) noexcept {
  while (CopyNode* node = thread.copy->stack.pop()) {
    const bool good =
        node->source >= 0 ? copy_part(thread, *node) : copy_entry(thread, *node->parent, node->name, node);
    if (!good || has_failed(thread.copy->worker)) {
      thread.copy->stack.close();
      return;
    }
  }
}

}  // namespace dunnage::launcher
