// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/child.hpp"

#include "launcher/program/cgroup.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/read_back.hpp"
#include "launcher/program/start.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/sched.h>

namespace dunnage::launcher {
namespace {

Surroundings surroundings;

/// The files of a container without the container: its root and the mounts of its plan, as they lie in each other. Its
/// own /proc, /sys and /dev hold no files of it. The clone is nowhere, and outlives this process and its namespace.
[[noreturn]] void assemble(Child& child) noexcept {
  enter_mount_namespace(child);
  attach_rootfs(child);
  change_root(child);
  attach_mounts(child, MountOrigin::Plan);
  protect_root(child);
  const int tree = static_cast<int>(require(
      child, Step::CloneTree, kernel::open_tree_at(child.root, "", OPEN_TREE_CLONE | AT_RECURSIVE | AT_EMPTY_PATH)));
  Message message;
  message.kind = MessageKind::Answer;
  require(child, Step::CloneTree, send_message(child.slot.child_status, &message, sizeof message, tree));
  exit_process(0);
}

}  // namespace

void set_surroundings(const Surroundings& value) noexcept { surroundings = value; }
const Surroundings& get_surroundings() noexcept { return surroundings; }

void fail(Child& child, Step step, int error, int mount) noexcept {
  Failure& failure = child.failure != nullptr ? *child.failure : child.slot.failure;
  failure.step = step;
  failure.error = error;
  failure.mount = mount;
  if (void (*undo)(Child&) noexcept = child.undo; undo != nullptr) {
    child.undo = nullptr;
    undo(child);
  }
  exit_process(127);
}

void run_container(void* argument) noexcept {
  Child child{*static_cast<Slot*>(argument), surroundings};
  note(child.slot, kCloned);
  join_cgroups(child, child.slot);
  (void)raw_syscall(__NR_setsid);
  (void)raw_syscall(__NR_umask, 022);
  watch_named_sources(child);
  begin_read_back(child);
  if ((child.slot.request->flags & kAssemble) != 0) {
    assemble(child);
  }
  if ((child.slot.request->flags & kTemplate) != 0) {
    make_template(child);
  }
  if (child.slot.spare.network >= 0) {
    require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, child.slot.spare.network, CLONE_NEWNET));
  }
  make_system_mounts(child);
  read_back_network(child);
  if (child.surroundings.rootless) {
    make_nodes(child);
  }
  enter_mount_namespace(child);
  note(child.slot, kEntered);
  attach_rootfs(child);
  change_root(child);
  attach_mounts(child, MountOrigin::Root);
  attach_system_mounts(child);
  attach_dev(child);
  note(child.slot, kRootAttached);
  attach_mounts(child, MountOrigin::Plan);
  note(child.slot, kMountsAttached);
  create_working_directory(child);
  set_names_and_network(child);
  protect_paths(child);
  protect_root(child);
  check_own_places(child);
  check_places(child);
  note(child.slot, kProtected);
  if ((child.slot.request->flags & kTerminal) != 0) {
    open_terminal(child);
  } else {
    connect_streams(child);
  }
  become_user(child);
  note(child.slot, kUserSet);
  execute(child);
}

void run_exec(void* argument) noexcept {
  Child child{*static_cast<Slot*>(argument), surroundings};
  join_cgroups(child, *child.slot.container);
  constexpr long kNamespaces = CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET | CLONE_NEWCGROUP;
  (void)raw_syscall(__NR_setsid);
  (void)raw_syscall(__NR_umask, 022);
  begin_read_back(child);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_setns, child.slot.container->process, kNamespaces));
  read_back_entry(child);
  require(child, Step::JoinNamespaces, raw_syscall(__NR_chdir, as_argument("/")));
  if ((child.slot.request->flags & kTerminal) != 0) {
    open_terminal(child);
  } else {
    connect_streams(child);
  }
  become_user(child);
  execute(child);
}

}  // namespace dunnage::launcher
