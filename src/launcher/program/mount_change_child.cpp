// SPDX-License-Identifier: Apache-2.0
// The child's half: in the mount namespace of a container that may do what it likes there meanwhile.

#include "launcher/program/child.hpp"
#include "launcher/program/fork.hpp"
#include "launcher/program/mount_change.hpp"
#include "launcher/program/mount_lines.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/own_path.hpp"
#include "launcher/program/park.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/timer.hpp"

#include <linux/stat.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

constexpr int64_t kMostMilliseconds = 20'000;  ///< a file system on the way may never answer

/// Of the launcher's descriptors what is needed from here on: who waits for the end of a socket must see it, and no
/// lock may be held longer than by the launcher.
void close_others(Child& child, const int* more, uint32_t count) noexcept {
  constexpr uint32_t kMostMore = 8;
  const Slot& slot = child.slot;
  int kept[] = {0,
                1,
                2,  // no other descriptor may get these numbers
                child.proc,
                slot.channel,
                slot.container->process,
                descriptor_of(slot, slot.request->record),
                descriptor_of(slot, mounts_of(slot)->descriptor),
                -1,
                -1,
                -1,
                -1,
                -1,
                -1,
                -1,
                -1};
  constexpr uint32_t kCount = sizeof kept / sizeof kept[0];
  for (uint32_t index = 0; index < count && index < kMostMore; ++index) {
    kept[kCount - 1 - index] = more[index];
  }
  close_all_but(kept, kCount);
}

/// Ends this process if it has to wait too long: what waits for a file system may be killed. A look at a source has its
/// own time before that.
void set_alarm(Child& child) noexcept {
  const NamedSource* source = child.slot.looks_for;
  require(child, Step::StartProcess, end_after(kMostMilliseconds + (source == nullptr ? 0 : source->record.timeout)));
}

bool is_at_or_below(const char* path, const char* place) noexcept {
  size_t index = 0;
  while (place[index] != '\0' && path[index] == place[index]) {
    ++index;
  }
  return place[index] == '\0' && (path[index] == '\0' || path[index] == '/');
}

/// Where a mount is to go, from the root. A directory tells that itself; what /proc says of a descriptor are names that
/// it makes anew for each process.
void find_path(Child& child, int target, char (&path)[kMostMountPath]) noexcept {
  if (raw_syscall(__NR_fchdir, target) >= 0 && raw_syscall(__NR_getcwd, as_argument(path), sizeof path) > 0) {
    return;
  }
  const long size = require(
      child, Step::CheckTarget,
      raw_syscall(__NR_readlinkat, child.proc, as_argument(OwnPath{target}.text), as_argument(path), sizeof path - 1),
      0);
  path[size] = '\0';
}

/// What every container has for itself is covered by nothing later: masks and what is read-only lie there by now, and
/// file systems alone do not tell them.
void check_own_places(Child& child, int target) noexcept {
  char path[kMostMountPath];
  find_path(child, target, path);
  bool own = same_text(path, "/") || same_text(path, "/dev");
  for (const char* place : {"/proc", "/sys", "/dev/pts", "/dev/mqueue", "/dev/console", "/dev/ptmx"}) {
    own = own || is_at_or_below(path, place);
  }
  if (own) {
    fail(child, Step::CheckTarget, EPERM, 0);
  }
}

void undo_attach(Child& child) noexcept {
  const int mount = descriptor_of(child.slot, mounts_of(child.slot)->descriptor);
  struct statx status {};
  if (child.slot.changed && raw_syscall(__NR_statx, mount, as_argument(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                                        STATX_MNT_ID, as_argument(&status)) >= 0) {
    child.slot.changed = !unmount_wholly(child, mount, status.stx_mnt_id);
  }
}

void attach(Child& child) noexcept {
  MountRecord& record = *mounts_of(child.slot);
  const char* path = text_of(child.slot, record.target);
  const int target = open_target(child, path, record);
  check_own_places(child, target);
  commit(child);
  child.undo = undo_attach;
  const uint64_t id = child.slot.container->mounts_held ? 0 : record.id;  // else it is a clone of what was prepared
  attach_over(child, record, path, target, descriptor_of(child.slot, record.descriptor), id);
}

}  // namespace

void begin_change(Child& child, const int* more, uint32_t count) noexcept {
  child.proc =
      static_cast<int>(require(child, Step::JoinNamespaces, open_at(AT_FDCWD, kParkedProc, O_PATH | O_DIRECTORY)));
  close_others(child, more, count);
  set_alarm(child);
  (void)raw_syscall(__NR_umask, 022);
}

void join_container(Child& child) noexcept {
  constexpr long kMountNamespace = 0x00020000;  // CLONE_NEWNS
  const long joined = raw_syscall(__NR_setns, child.slot.container->process, kMountNamespace);
  require(child, joined == -ESRCH ? Step::ReceiveRequest : Step::JoinNamespaces, joined);
  child.root = static_cast<int>(require(child, Step::JoinNamespaces, open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY)));
}

/// From here on the record says what is to be. If it comes to nothing the launcher puts it back.
void commit(Child& child) noexcept {
  const int record = descriptor_of(child.slot, child.slot.request->record);
  if (record >= 0) {
    require(child, Step::CommitRecord, exchange_configs(record));
    child.slot.committed = true;
  }
}

void run_mount_change(void* argument) noexcept {
  Child child{*static_cast<Slot*>(argument), get_surroundings()};
  if (child.slot.change == MountChange::Follow) {
    look_for_source(child);
  }
  watch_sources_of_change(child);
  join_container(child);
  switch (child.slot.change) {
    case MountChange::Attach:
      attach(child);
      break;
    case MountChange::Detach:
    case MountChange::DetachLazily:
      detach_mount(child, child.slot.change == MountChange::DetachLazily);
      break;
    case MountChange::Replace:
      replace_mount(child);
      break;
    case MountChange::Holders:
      tell_all_holders(child);
      break;
    case MountChange::Undo:
      undo_attach(child);
      break;
    case MountChange::Follow:
    case MountChange::None:
      break;
  }
  child.slot.done = child.slot.change != MountChange::Undo;
  exit_process(0);
}

}  // namespace dunnage::launcher
