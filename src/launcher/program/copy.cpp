// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

#include "launcher/program/directory_entry.hpp"

#include <initializer_list>
#include <new>

namespace dunnage::launcher {
namespace {

constexpr uint64_t kFewEntries = 64;  ///< too few for a second thread to be worth its start
constexpr uint32_t kMostThreads = 4;

uint64_t resolve_of(const Copy& copy) noexcept {
  const uint64_t one = kOneComponent | RESOLVE_NO_SYMLINKS;
  return copy.is(kCopyMounts) ? one & ~static_cast<uint64_t>(RESOLVE_NO_XDEV) : one;
}

bool is_dots(const char* name) noexcept {
  return name[0] == '.' && (name[1] == '\0' || (name[1] == '.' && name[2] == '\0'));
}

timespec time_of(const struct statx_timestamp& time) noexcept { return {time.tv_sec, static_cast<long>(time.tv_nsec)}; }

/// Of the kernel's making, without end or meaning as files.
bool is_of_kernel(int fd) noexcept {
  constexpr long kKinds[] = {0x9fa0,     0x62656572, 0x27e0eb,   0x63677270, 0x1cd1,     0x64626720,
                             0x74726163, 0x19800202, 0x73636673, 0xcafe4a11, 0x6e736673, 0x50495045};
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

/// Owner, mode, attributes and times of a directory that is done.
bool finish_directory(CopyThread& thread, const CopyNode& node) noexcept {
  const Copy& copy = *thread.copy;
  if (node.parent == nullptr && copy.is(kCopyMerge) && !copy.is(kCopyEntry)) {
    return true;  // what was copied into was there before
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

/// The store may lie in a directory that gives access lists to all that is made in it.
bool forget_inherited(CopyThread& thread, const CopyNode& node) noexcept {
  for (const char* name : {"system.posix_acl_default", "system.posix_acl_access"}) {
    const long result = remove_attribute(node.target, name);
    if (result < 0) {
      return fail_copy(thread, Step::SetAttribute, result, nullptr, ".");
    }
  }
  return true;
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

bool count_entry(CopyThread& thread, const CopyNode* parent, const char* name) noexcept {
  Worker& worker = thread.copy->worker;
  if (worker.entries.fetch_add(1, std::memory_order_relaxed) >= worker.request.most_entries) {
    return fail_copy(thread, Step::BoundEntries, -E2BIG, parent, name);
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

/// Makes the copy of a directory, or opens the one that is there. -errno
int open_target(const Copy& copy, int parent, const char* name, bool& fresh, Step& step) noexcept {
  step = Step::MakeEntry;
  const int made = make_directory_at(parent, name, 0700);
  fresh = made >= 0;
  if (made < 0 && !(made == -EEXIST && copy.is(kCopyMerge))) {
    return made;
  }
  step = fresh ? Step::OpenEntry : Step::ReplaceEntry;
  return kernel::open_at2(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, resolve_of(copy));
}

/// Opens both sides of a directory, which `fd` holds. False when it failed.
bool open_directory(CopyThread& thread, CopyNode& node, int fd, int target_parent) noexcept {
  Copy& copy = *thread.copy;
  const uint64_t device = uint64_t{node.status.stx_dev_major} << 32U | node.status.stx_dev_minor;
  if (node.status.stx_ino == copy.top_inode && device == copy.top_device) {
    return fail_copy(thread, Step::IntoItself, -EINVAL, node.parent, node.name);
  }
  node.source = kernel::open_at2(fd, ".", O_RDONLY | O_DIRECTORY, resolve_of(copy));
  if (node.source < 0) {
    return fail_copy(thread, Step::ReadDirectory, node.source, node.parent, node.name);
  }
  Step step = Step::MakeEntry;
  node.target = open_target(copy, target_parent, node.name, node.fresh, step);
  if (node.target < 0) {
    return fail_copy(thread, step, node.target, node.parent, node.name);
  }
  node.fresh = node.fresh && (node.parent == nullptr || node.parent->fresh);  // or it has inherited access lists
  struct statx status {};
  const long result = status_of(node.target, status);
  if (result < 0) {
    return fail_copy(thread, Step::OpenEntry, result, node.parent, node.name);
  }
  node.inherits_group = status.stx_gid != copy.own_gid || (status.stx_mode & S_ISGID) != 0;
  return true;
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

/// A file that the directory calls one, of a source that nobody changes; anything else goes the careful way.
bool copy_quiet_file(CopyThread& thread, CopyNode& parent, const char* name) noexcept {
  const int fd =
      kernel::open_at2(parent.source, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, resolve_of(*thread.copy));
  CopySource source{parent, name, fd, {}, true};
  if (fd < 0 || status_of(fd, source.status) < 0 || kind_of(source.status) != S_IFREG) {
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

CopyThread* new_thread(Copy& copy) noexcept {
  auto* thread = static_cast<CopyThread*>(map_memory(sizeof(CopyThread)));
  if (thread != nullptr) {
    thread->copy = &copy;
  }
  return thread;
}

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

void run_thread(void* argument) noexcept {
  work_off(*static_cast<CopyThread*>(argument));
  for (;;) {
    (void)raw_syscall(__NR_exit, 0);
  }
}

uint32_t processors() noexcept {
  uint64_t set[16] = {};
  const long size = raw_syscall(__NR_sched_getaffinity, 0, sizeof set, as_argument(set));
  uint32_t count = 0;
  for (long index = 0; index < size / 8; ++index) {
    for (uint64_t word = set[index]; word != 0; word &= word - 1) {
      ++count;
    }
  }
  return count == 0 ? 1 : count < kMostThreads ? count : kMostThreads;
}

/// What the request names in its first descriptor. A link that leads out of it leads to its root. -errno
int open_source(const Copy& copy) noexcept {
  const int root = copy.worker.descriptors[0];
  const char* path = text_at(copy.worker, 1);
  if (path[0] == '\0') {
    return root;
  }
  const uint64_t mounts = copy.is(kCopyMounts) ? 0 : RESOLVE_NO_XDEV;
  const unsigned nofollow = copy.is(kCopyFollow) || !copy.is(kCopyEntry) ? 0 : O_NOFOLLOW;
  const unsigned directory = copy.is(kCopyEntry) ? 0 : O_DIRECTORY;
  return kernel::open_at2(root, path, O_PATH | nofollow | directory, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS | mounts);
}

/// The directory the copy is made in, or becomes. -errno
int open_top(const Copy& copy) noexcept {
  const int root = copy.worker.descriptors[1];
  const char* path = text_at(copy.worker, 2);
  return path[0] == '\0'
             ? kernel::open_at2(root, ".", O_RDONLY | O_DIRECTORY, resolve_of(copy))
             : kernel::open_at2(root, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

/// The source becomes an entry of the top.
bool begin_entry(CopyThread& thread, CopyNode& node, int from) noexcept {
  Copy& copy = *thread.copy;
  const char* name = text_at(copy.worker, 0);
  const size_t size = text_size(name);
  if (size == 0 || size > kLongestName || is_dots(name)) {
    return fail_copy(thread, Step::MakeEntry, -EINVAL, nullptr, name);
  }
  for (size_t index = 0; index < size; ++index) {
    if (name[index] == '/') {
      return fail_copy(thread, Step::MakeEntry, -EINVAL, nullptr, name);
    }
  }
  __builtin_memcpy(node.name, name, size + 1);
  if (!count_entry(thread, nullptr, node.name)) {
    return false;
  }
  if (kind_of(node.status) != S_IFDIR) {
    CopyNode* parent = copy.stack.take_free();
    if (parent == nullptr) {
      return fail_copy(thread, Step::StartWork, -ENOMEM, nullptr, node.name);
    }
    parent->target = copy.top;
    parent->inherits_group = true;
    copy.stack.close();
    return copy_leaf(thread, CopySource{*parent, node.name, from, node.status, false});
  }
  const bool good = open_directory(thread, node, from, copy.top);
  node.fresh = false;  // nobody knows what access lists it has inherited
  if (good) {
    copy.stack.push(&node);
  }
  return good;
}

/// The content of the source becomes that of the top.
bool begin_content(CopyThread& thread, CopyNode& node, int from) noexcept {
  Copy& copy = *thread.copy;
  node.source = kernel::open_at2(from, ".", O_RDONLY | O_DIRECTORY, resolve_of(copy));
  node.target = kernel::open_at2(copy.top, ".", O_RDONLY | O_DIRECTORY, resolve_of(copy));
  if (node.source < 0 || node.target < 0) {
    return fail_copy(thread, Step::OpenEntry, node.source < 0 ? node.source : node.target, nullptr, ".");
  }
  node.fresh = !copy.is(kCopyMerge);
  if (node.fresh && !forget_inherited(thread, node)) {
    return false;
  }
  copy.stack.push(&node);
  return true;
}

/// Opens what the request names, and puts it onto the stack; what is no directory is copied at once.
bool begin(CopyThread& thread) noexcept {
  Copy& copy = *thread.copy;
  CopyNode* node = copy.stack.take_free();
  const int from = node == nullptr ? -ENOMEM : open_source(copy);
  if (from < 0) {
    return fail_copy(thread, node == nullptr ? Step::StartWork : Step::OpenSource, from, nullptr,
                     text_at(copy.worker, 1));
  }
  node->pending.store(1, std::memory_order_relaxed);
  copy.top = open_top(copy);
  if (copy.top < 0) {
    return fail_copy(thread, Step::OpenTarget, copy.top, nullptr, text_at(copy.worker, 2));
  }
  struct statx target {};
  long result = status_of(copy.top, target);
  result = result < 0 ? result : status_of(from, node->status);
  if (result < 0) {
    return fail_copy(thread, Step::OpenEntry, result, nullptr, ".");
  }
  copy.top_inode = target.stx_ino;
  copy.top_device = uint64_t{target.stx_dev_major} << 32U | target.stx_dev_minor;
  node->inherits_group = target.stx_gid != copy.own_gid || (target.stx_mode & S_ISGID) != 0;
  return copy.is(kCopyEntry) ? begin_entry(thread, *node, from) : begin_content(thread, *node, from);
}

/// One look at the disk for all; a directory without content needs no more than itself there.
long sync_copy(const Copy& copy) noexcept {
  const bool alone = copy.worker.entries.load(std::memory_order_relaxed) == 0;
  return raw_syscall(alone ? __NR_fsync : __NR_syncfs, copy.top);
}

}  // namespace

uint32_t uid_of_copy(const Copy& copy, const struct statx& status) noexcept {
  return copy.worker.request.uid != UINT32_MAX ? copy.worker.request.uid : status.stx_uid;
}

uint32_t gid_of_copy(const Copy& copy, const struct statx& status) noexcept {
  return copy.worker.request.gid != UINT32_MAX ? copy.worker.request.gid : status.stx_gid;
}

const char* path_of(CopyThread& thread, const CopyNode* parent, const char* name) noexcept {
  size_t begin = kMostPath - 1;
  thread.path[begin] = '\0';
  const auto put = [&](const char* text) {
    const size_t size = text_size(text);
    const bool first = thread.path[begin] == '\0';
    if (size == 0 || size + 1 > begin) {
      return;
    }
    if (!first) {
      thread.path[--begin] = '/';
    }
    begin -= size;
    __builtin_memcpy(thread.path + begin, text, size);
  };
  put(name);
  for (const CopyNode* node = parent; node != nullptr; node = node->parent) {
    put(node->name);
  }
  return thread.path + begin;
}

bool fail_copy(CopyThread& thread, Step step, long result, const CopyNode* parent, const char* name) noexcept {
  fail_work(thread.copy->worker, step, result, path_of(thread, parent, name));
  return false;
}

void run_copy(Worker& worker) noexcept {
  static Copy copy{worker};
  copy.own_uid = static_cast<uint32_t>(raw_syscall(__NR_geteuid));
  copy.own_gid = static_cast<uint32_t>(raw_syscall(__NR_getegid));
  copy.most_threads = processors();
  copy.threads.store(1, std::memory_order_relaxed);
  CopyThread* thread = new_thread(copy);
  if (thread == nullptr || worker.descriptor_count != 2) {
    fail_work(worker, Step::StartWork, thread == nullptr ? -ENOMEM : -EBADMSG, "");
    return;
  }
  if (begin(*thread)) {
    work_off(*thread);
  }
  if (!has_failed(worker) && copy.is(kCopySync)) {
    const long result = sync_copy(copy);
    if (result < 0) {
      fail_work(worker, Step::SyncFiles, result, "");
    }
  }
}

}  // namespace dunnage::launcher
