// SPDX-License-Identifier: Apache-2.0
// Whether a source that is looked at is dead, by the child that looks: of what has its name, and of what the container
// has. Whoever is asked may never answer; nothing of the container is held meanwhile, but the mount.

#include "launcher/program/mount_change.hpp"
#include "launcher/program/named_source.hpp"

#include <linux/sched.h>
#include <linux/stat.h>
#include <sys/sysmacros.h>

namespace dunnage::launcher {
namespace {

/// A file system of another user's that is not for this one says so of everything, and lives.
bool is_dead(long answer) noexcept {
  return answer < 0 && answer != -EACCES && answer != -EPERM && answer != -ENOMEM && answer != -EINTR;
}

[[noreturn]] void tell(NamedSource& source, Found found) noexcept {
  source.found = found;
  exit_process(0);
}

[[noreturn]] void tell_dead(Child& child, long answer) noexcept {
  child.slot.dead = true;
  fail(child, Step::OpenSource, static_cast<int>(-answer));
}

/// What the container has. Its mount namespace is left before anybody is asked: who waits there would keep its root.
Looked ask_mounted(Child& child) noexcept {
  const int own = static_cast<int>(require(child, Step::JoinNamespaces, open_at(child.proc, "self/ns/mnt", O_RDONLY)));
  join_container(child);
  const int mounted = open_mounted(child);
  (void)close_descriptor(child.root);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, own, CLONE_NEWNS));
  (void)close_descriptor(own);
  return mounted < 0 ? Looked{} : look_at(mounted, true);
}

}  // namespace

Looked look_at(int fd, bool asks) noexcept {
  Looked looked;
  struct statx status {};
  looked.error = raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
                             STATX_TYPE | STATX_INO, as_argument(&status));
  looked.type = status.stx_mode & static_cast<unsigned>(S_IFMT);
  looked.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  looked.inode = status.stx_ino;
  looked.is_mount = (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
  if (asks && looked.error >= 0) {
    looked.error = raw_syscall(__NR_statx, fd, as_argument(""), AT_EMPTY_PATH | AT_STATX_FORCE_SYNC,
                               STATX_TYPE | STATX_INO | STATX_NLINK, as_argument(&status));
    looked.is_removed = looked.error >= 0 && (status.stx_mask & STATX_NLINK) != 0 && status.stx_nlink == 0;
  }
  return looked;
}

void judge_source(Child& child, NamedSource& source, int found, Step step, const Looked& looked) noexcept {
  if (step == Step::RequireMountpoint && found == -EINPROGRESS) {
    tell(source, Found::Unknown);
  }
  const bool usable = found >= 0 && looked.type == source.record.type;
  const bool same = usable && looked.device == source.record.device && looked.inode == source.record.inode;
  if (same && is_dead(looked.error)) {
    tell_dead(child, looked.error);
  }
  if (same) {
    tell(source, Found::Same);
  }
  if (usable && looked.error >= 0) {
    return;
  }
  if (child.slot.container_life != Life::Running) {
    tell(source, Found::Kept);
  }
  const Looked mounted = ask_mounted(child);
  if (is_dead(mounted.error)) {
    tell_dead(child, mounted.error);
  }
  if (mounted.is_removed && (found == -ENOENT || found == -ENOTDIR)) {
    tell_dead(child, -ENOENT);
  }
  tell(source, Found::Kept);
}

}  // namespace dunnage::launcher
