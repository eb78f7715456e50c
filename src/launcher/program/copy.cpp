// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/copy.hpp"

#include "launcher/directory_entry.hpp"

#include <new>

namespace dunnage::launcher {
namespace {

constexpr uint32_t kMostThreads = 4;

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
  copy.top_device = device_of(target);
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
  if (thread == nullptr || worker.descriptor_count < 2) {
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
