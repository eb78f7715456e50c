// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The child's half: from the clone to the program. It shares the launcher's memory until it executes, so it writes to
/// its own slot only.

#include "launcher/program/slot.hpp"
#include "launcher/program/transfer.hpp"

#include <sys/resource.h>

namespace dunnage::launcher {

inline constexpr unsigned kNodeCount = 6;  ///< devices in a container's /dev

/// What the launcher is, decided once at its start; the child reads it.
struct Surroundings {
  bool rootless = false;
  bool single_id = false;
  bool filtered = false;         ///< somebody may answer in the kernel's place (read_back.hpp)
  bool thermal_throttle = true;  ///< this machine's processors have that directory in /sys
  rlimit64 descriptors{};        ///< how many a container may have
  int empty_mounts = -1;         ///< the mount namespace containers begin with (park.hpp)
};

/// What the child carries from step to step.
struct Child {
  Slot& slot;
  const Surroundings& surroundings;
  int root = -1;  ///< O_PATH on the root of the container-to-be
  int dev = -1;
  int proc = -1;
  int sys = -1;
  int pts = -1;  ///< its devpts, if this process has mounted it
  // where somebody else may answer for the kernel (read_back.hpp)
  int status = -1;                      ///< what it says of this process
  uint64_t first_root = 0;              ///< the mount the root of this process is on before it enters a container
  uint64_t checked_mount = UINT64_MAX;  ///< the last one whose file system was found to be none of the kernel's own
  bool root_checked = false;            ///< the same of the root's own mount
  int masks = -1;                       ///< the root a container's mount namespace begins with
  Descriptors following{};              ///< mounts that came over LaunchPayload::follow
  FollowingMounts followed{};           ///< with them
  uint32_t taken = 0;                   ///< of these, how many are attached
  int own_dev = -1;                     ///< of a template: what lies where containers have their /dev
  int nodes[kNodeCount] = {-1, -1, -1, -1, -1, -1};  ///< rootless: the machine's null, zero, ...
  Failure* failure = nullptr;  ///< where it is noted if that is not the slot: its memory is not the launcher's
  void (*undo)(Child&) noexcept = nullptr;  ///< what a failure takes back
};

/// Notes a failed step in the slot and ends the child. The launcher reports it.
[[noreturn]] void fail(Child& child, Step step, int error, int mount = -1) noexcept;

/// `result` if it is none of the errors; otherwise fails.
inline long require(Child& child, Step step, long result, int mount = -1) noexcept {
  if (result < 0) {
    fail(child, step, static_cast<int>(-result), mount);
  }
  return result;
}

/// Makes, still in the launcher's mount namespace, what can be made there only: clones of its own mounts, and /proc and
/// /sys, which the kernel gives an ordinary user only where it sees whole ones.
void make_system_mounts(Child& child) noexcept;
void make_nodes(Child& child) noexcept;
/// Enters a mount namespace of its own that holds nothing yet, or what its template holds.
void enter_mount_namespace(Child& child) noexcept;
void attach_rootfs(Child& child) noexcept;
void attach_system_mounts(Child& child) noexcept;
void attach_dev(Child& child) noexcept;
/// Whether a mount belongs to the root file system (Rootfs::host() has a few) or to the plan.
enum class MountOrigin { Root, Plan };
void attach_mounts(Child& child, MountOrigin origin) noexcept;
/// Makes the mount namespace of a template and passes it to the launcher.
[[noreturn]] void make_template(Child& child) noexcept;
/// The mount point of a record, made if it is missing, and of its kind: none of the kernel's own places.
int open_target(Child& child, const char* path, const MountRecord& record) noexcept;
/// Attaches it there, and finds it at its path then. \param id  of the mount; 0: it is asked for. Notes it in the
/// record.
void attach_over(Child& child, MountRecord& record, const char* path, int target, int mount, uint64_t id) noexcept;
/// What a record with kMountShared names, and the root that came with the template; the caller's.
int open_shared(Child& child, const MountRecord& record) noexcept;
int open_shared_root(Child& child) noexcept;
/// That /proc, /sys and /dev are where they were put, whoever shares the root. Call it where the root is the working
/// directory.
void check_own_places(Child& child) noexcept;
/// That the mounts which came with the root of a template are where the plan has them. Call it in the root.
void check_places(Child& child) noexcept;
void create_working_directory(Child& child) noexcept;
void protect_paths(Child& child) noexcept;
/// If it is to be read-only.
void protect_root(Child& child) noexcept;
/// Before anything is attached in it: what a path means from here on is what it means to the program.
void change_root(Child& child) noexcept;
void set_names_and_network(Child& child) noexcept;
/// Opens a terminal of the container, makes it the controlling one, and passes its other end to the launcher.
void open_terminal(Child& child) noexcept;
void connect_streams(Child& child) noexcept;
void enter_working_directory(Child& child) noexcept;
/// Limits, keyring, groups, ids, capabilities, no_new_privs, the filter of system calls; afterwards nothing privileged
/// can be done, and only the program executed.
void become_user(Child& child) noexcept;
/// What is left to do before the filter, which need not allow it.
void set_up_execution(Child& child) noexcept;
[[noreturn]] void execute(Child& child) noexcept;

/// Opens `path` below the root, making missing directories (and a file at the end with `file`) on the way.
int open_or_create(Child& child, const char* path, bool file, Step step, int mount) noexcept;

/// A directory of the library's own (/proc, /sys, /dev): no link is followed.
int open_own_directory(Child& child, int directory, const char* name, Step step) noexcept;

}  // namespace dunnage::launcher
