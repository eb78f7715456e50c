// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the library and the launcher program say to each other. Plain data, the same layout on both sides because both
/// come from one build.
///
///     host                                launcher (one per host process and identity)
///      │ socket: Configure ───────────────▶ parks its mount namespace
///      │ ◀──────────────────────── Answer ──│
///      │   channel: Unread ───────────────▶ taken first: if it is found there, nothing has been started
///      │ socket: Launch + [channel, …] ───▶ starts the container
///      │   channel: Descriptors … ────────▶   (what did not fit into one message)
///      │   socket of its own: Descriptors … ▶   to the container's first process: mounts made while it attaches others
///      │   channel ◀── Started | Failed ────│
///      │   channel: Command … ────────────▶ signal, stop, pause, exec, detach
///      │   channel ◀──────────── Exited ────│ left in the channel for ever: this end is the exit descriptor
///      ✕ channel closed ──────────────────▶ kills the container, unless it is detached
///
/// All sockets are AF_UNIX SOCK_SEQPACKET. Other processes reach a recorded container by connecting to the socket in
/// its record; such a connection behaves as the channel does, but its end kills nothing.

#include "launcher/step.hpp"

#include <stdint.h>

namespace dunnage::launcher {

inline constexpr int kSocketDescriptor = 3;
inline constexpr int kHostDescriptor = 4;  ///< pidfd of the host
inline constexpr uint32_t kInlinePayload = 48U << 10U;
inline constexpr uint32_t kDescriptorsPerMessage = 250;  ///< below the kernel's SCM_MAX_FD of 253
inline constexpr uint32_t kMostDescriptors = 16384;
inline constexpr uint32_t kMostPayload = 64U << 20U;
inline constexpr uint32_t kMostReady = 256;       ///< network namespaces made ahead
inline constexpr uint32_t kMostHierarchies = 16;  ///< trees of cgroups on a machine
inline constexpr uint32_t kMostCgroups = 6;       ///< of one container: one for each controller at most
inline constexpr uint32_t kMostWatches = 64;      ///< directories on the way to a source that is followed

/// A failure inside the launcher: which step, its errno, and the mount it was about (-1: none).
struct Failure {
  Step step = Step::None;
  uint16_t setting = 0;  ///< of the request, counted from 1; 0: it was about none
  int32_t error = 0;
  int32_t mount = -1;
};

enum class MessageKind : uint32_t {
  Configure = 1,
  Answer,
  Launch,
  Descriptors,
  Started,
  Failed,
  Exited,
  Signal,      ///< number = signal
  EndRestart,  ///< the restart policy ends
  Pause,
  Resume,
  Query,
  Exec,
  Detach,
  DetachBind,
  DetachTmpfs,
  RemoveTree,
  KeepRecord,  ///< the end of the container removes nothing
  Unread,      ///< waits in a new channel until the launcher looks at the request
  Work,        ///< work on trees (work_protocol.hpp)
  Progress,
  Found,
  KeepReady,      ///< number = network namespaces to have ready; answered when they are
  Root,           ///< the answer comes with the root of the container's first process, O_PATH, in place of its pidfd
  Cgroup,         ///< the answer comes with the directory of its cgroup with that number, O_PATH, in place of its pidfd
  Update,         ///< other settings for its cgroups: a LaunchPayload follows
  Watch,          ///< the channel that comes along is told of changed mounts from now on, and of the end
  MountsChanged,  ///< number = how many of these were lost before it; its words follow
};

/// How far a launch has come, in the launcher and then in the container's first process.
enum Milestone : uint32_t {
  kReceived,
  kCloned,
  kEntered,
  kRootAttached,
  kMountsAttached,
  kProtected,
  kUserSet,
  kExecuted,
  kMilestones,
};

enum class ContainerState : uint32_t { Created, Running, Paused, Restarting, Exited };

/// Every message begins with this.
struct Message {
  MessageKind kind{};
  uint32_t payload_size = 0;      ///< bytes that follow, or in the memfd that is the first descriptor
  uint32_t descriptor_count = 0;  ///< of all messages together; the channel and the memfd are not counted
  uint32_t payload_in_memfd = 0;
  int32_t number = 0;
  uint32_t restart_count = 0;
  ContainerState state{};
  Failure failure{};
  int32_t exit_code = 0;  ///< si_status of waitid(2)
  int32_t exit_signal = 0;
  uint32_t has_terminal = 0;
  uint32_t oom_killed = 0;  ///< memory ran out, and the kernel killed a process of it
  uint32_t reserved = 0;
  int64_t started_at = 0;  ///< nanoseconds since the epoch
  int64_t finished_at = 0;
  int64_t reached[kMilestones] = {};  ///< of Started, with kTimings: nanoseconds of CLOCK_MONOTONIC
};

struct Configuration {
  uint32_t rootless = 0;
  uint32_t single_id = 0;  ///< one user and one group are mapped; setgroups is denied
};

/// Offset from the beginning of the payload to bytes that end with NUL. 0: absent.
using Text = uint32_t;
/// `count` 64-bit words at `offset`; for lists of texts each word is an offset, which the launcher turns into a
/// pointer.
struct List {
  uint32_t offset = 0;
  uint32_t count = 0;
};

enum MountFlags : uint32_t {
  kMountInternal = 1U,  ///< part of the root file system, not of the plan
  kMountFile = 2U,
  kMountTmpfs = 4U,  ///< made anew from the fields below at each restart
  kMountNoSwap = 8U,
  kMountShared = 16U,    ///< `descriptor` is its number among the mounts of the template the container begins with
  kMountFollows = 32U,   ///< it comes over LaunchPayload::follow, in the order of the records that have this
  kMountDetached = 64U,  ///< by the launcher: it was there, and no start attaches it again
};

struct MountRecord {
  Text target = 0;
  int32_t descriptor = -1;  ///< index into the descriptors
  uint32_t flags = 0;
  int32_t plan_index = -1;
  uint64_t size = 0;
  uint32_t mode = 0;
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  uint32_t attributes = 0;  ///< MOUNT_ATTR_*
  uint64_t inodes = 0;      ///< of a tmpfs; 0: the kernel decides
  uint64_t id = 0;          ///< of the mount, as statx(2) has it, by who made it; 0: the child has to ask
  uint64_t attached = 0;    ///< by the child: of the mount as it is attached; 0: not known
};

enum CgroupFlags : uint32_t {
  kCgroupUnified = 1U,  ///< of version 2
  kCgroupCpuset = 2U,   ///< of version 1, where a new one has no processors before it is given some
  kCgroupMemory = 4U,
};

/// What a request with kChangesMounts is about: one mount of a container that runs, the only one of the request.
enum class MountChange : uint32_t {
  None,
  Attach,
  Detach,        ///< fails with EBUSY where anything of it is in use, after a Found with a pidfd for each who uses it
  DetachLazily,  ///< what is open stays so
  Replace,       ///< what is at its target gives way to it, at once
  Holders,       ///< nothing changes: a Found with a pidfd for each process that has something of it open
  Undo,          ///< in the launcher only
  Follow,        ///< likewise: what has the name of its source by now
};

/// The container's cgroup in one hierarchy.
struct CgroupRecord {
  int32_t descriptor = -1;  ///< where the launcher may make cgroups
  uint32_t hierarchy = 0;   ///< its number, the same in all requests to one launcher
  uint32_t flags = 0;
  uint32_t controllers = 0;  ///< a bit for each, the same in all requests to one launcher
  Text enable = 0;           ///< the same of version 2, as cgroup.subtree_control takes them
};

enum SettingFlags : uint32_t {
  kMayLack = 1U,       ///< that there is no such file is no failure
  kOnlyIfLacked = 2U,  ///< in place of the setting before, if its file is not there
  kUnverified = 4U,
  kOnlyVerified = 8U,  ///< nothing is written
  kOnlyUpdate = 16U,   ///< not for a new cgroup
};

/// What is written to a file of a cgroup, and a line of it that says so then.
struct SettingRecord {
  uint32_t cgroup = 0;  ///< index of the CgroupRecord
  uint32_t flags = 0;
  Text file = 0;
  Text value = 0;
  Text expected = 0;
};

enum LaunchFlags : uint32_t {
  kReadOnlyRoot = 1U,
  kTerminal = 2U,
  kNoNewPrivileges = 4U,
  kHostNetwork = 8U,
  kDetached = 16U,
  kRemoveRecord = 32U,
  kLogOut = 64U,
  kLogErr = 128U,
  kExec = 256U,
  kRestartOnFailure = 512U,
  kRestartAlways = 1024U,
  kLogTerminal = 2048U,
  kRemoveChanges = 4096U,
  kAssemble =
      8192U,  ///< nothing is executed: the root with its mounts comes back as a detached tree, in place of a terminal
  kTimings = 16384U,
  kTemplate = 1U << 24U,       ///< likewise, as a mount namespace containers can begin with (program/template.cpp)
  kChangesMounts = 1U << 25U,  ///< with kExec: nothing is executed; see LaunchPayload::change
  kSharesLock = 1U << 26U,     ///< with that: the container has the volume for itself, and the first lock is only in
                               ///< the place of the one by which it has it
};

/// The fixed part of a launch's or exec's payload. `descriptor` fields are indexes, -1: absent.
struct LaunchPayload {
  uint32_t flags = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint32_t max_retries = 0;
  uint32_t filter_flags = 0;  ///< SECCOMP_FILTER_FLAG_*
  uint32_t reserved = 0;
  uint64_t capabilities = 0;
  List argv;
  List environment;
  List groups;
  List filter;  ///< of sock_filter (seccomp(2)); count 0: none
  List mounts;  ///< of MountRecord; count is their number
  List anonymous_volumes;
  List cgroups;   ///< of CgroupRecord
  List settings;  ///< of SettingRecord, in their order
  Text cgroup_name = 0;
  Text working_directory = 0;
  Text hostname = 0;
  Text record_name = 0;
  int32_t in = -1;
  int32_t out = -1;
  int32_t err = -1;
  int32_t rootfs = -1;
  int32_t log = -1;
  int32_t record = -1;      ///< the record's directory
  int32_t containers = -1;  ///< directory the record is in
  int32_t volumes = -1;
  int32_t trash = -1;
  int32_t changes = -1;   ///< the directory of what containers write to their roots
  Text changes_name = 0;  ///< of this container's in it
  int32_t control = -1;   ///< a listening socket
  int32_t first_lock = -1;
  uint32_t lock_count = 0;
  uint32_t window_rows = 0;
  uint32_t window_columns = 0;
  uint32_t own_streams = 0;  ///< bit n: stream n is a pipe made for the program, which its user may own
  int32_t begins_with = -1;  ///< the mount namespace of a template; without a `rootfs`, the root is in it
  int32_t places = -1;       ///< a file of PlaceRecords: where the mounts of that root have to be
  int32_t follow = -1;       ///< a socket from which the child itself takes mounts that are not made yet
  MountChange change{};
  int32_t record_lock = -1;  ///< of the record that is changed: held until the change is done, or was not to be
  uint32_t unused = 0;
  int32_t host_root = -1;    ///< where paths of sources that are followed begin
  int32_t host_mounts = -1;  ///< the host's mount namespace; for an ordinary user the broker is in it
  List named_sources;        ///< of NamedSourceRecord
  List reports;              ///< of texts: what who watches is told of the change
  List released;  ///< of pairs of 64-bit words, device and inode, of what is locked for the mount that goes: the first
                  ///< is given up, and one of the others
};

/// A mount that is attached to the root of a template already. Its target follows, with its NUL.
struct PlaceRecord {
  uint64_t device = 0;  ///< of what is mounted, as in statx
  uint64_t inode = 0;
  int32_t plan_index = -1;
  uint32_t path_size = 0;  ///< with the NUL and up to seven bytes more, so that the next one is aligned
};

/// What goes with Descriptors over LaunchPayload::follow: the numbers of these mounts, as in MountRecord.
struct FollowingMounts {
  Message message{};
  uint64_t ids[kDescriptorsPerMessage] = {};
};

/// MS_PRIVATE, MS_SLAVE, MS_SHARED of mount(2), whose header cannot be included beside linux/mount.h.
inline constexpr uint64_t kPrivate = uint64_t{1} << 18U;
inline constexpr uint64_t kSlave = uint64_t{1} << 19U;
inline constexpr uint64_t kShared = uint64_t{1} << 20U;

enum class DetachKind : uint32_t {
  Bind,     ///< path, path below it (may be empty)
  Tmpfs,    ///< no text
  Overlay,  ///< source, upper, work (both empty: changes go to a new tmpfs of `size`)
  Owner,    ///< path: nothing is mounted; the tree is given to uid and gid
  Mask,     ///< no text: nothing is answered; an empty mount goes over each descriptor that came along
  Layers,   ///< directory; then, below it, upper and work (empty: none) and the layers, the top one first
  Part,     ///< a path in the mount whose descriptor came along
};

/// Whether asking twice for it makes no more than one of it: a mount nobody took is gone.
constexpr bool makes_mount(DetachKind kind) noexcept {
  return kind == DetachKind::Bind || kind == DetachKind::Tmpfs || kind == DetachKind::Overlay ||
         kind == DetachKind::Layers || kind == DetachKind::Part;
}

/// What the kernel takes (OVL_MAX_STACK).
inline constexpr uint32_t kMostLayers = 500;
/// The longest texts of a DetachRequest: kMostLayers names of trees below a path.
inline constexpr uint32_t kMostDetachTexts = 64U << 10U;

/// Where an overlay of layers puts what is written to it.
enum class UpperKind : uint32_t {
  None,    ///< nothing can be written
  Memory,  ///< a new tmpfs of `size`
  Fresh,   ///< directories that are empty; the top gets the owner and the mode of the top layer's
  Kept,    ///< directories that have been used before
};

/// What the broker is asked to detach: a source by path, and what it must be.
struct DetachRequest {
  DetachKind kind = DetachKind::Bind;
  uint32_t recursive = 0;
  uint32_t attributes_recursive = 0;
  uint32_t is_file = 0;
  uint64_t attributes = 0;   ///< MOUNT_ATTR_*
  uint64_t propagation = 0;  ///< kPrivate, kSlave, kShared; 0: as it is
  uint32_t propagation_recursive = 0;
  uint32_t check_inode = 0;
  uint64_t device = 0;  ///< as in stat, when check_inode
  uint64_t inode = 0;
  uint64_t size = 0;
  uint32_t mode = 0;
  uint32_t uid = UINT32_MAX;
  uint32_t gid = UINT32_MAX;
  uint32_t path_size = 0;  ///< bytes of the texts that follow, each with its NUL
  uint64_t inodes = 0;     ///< of a tmpfs; 0: the kernel decides
  uint32_t no_swap = 0;
  uint32_t require_mountpoint = 0;
  uint32_t user_xattr = 0;  ///< an overlay's marks are attributes of the user, as without privilege they have to be
  UpperKind upper = UpperKind::None;  ///< of DetachKind::Layers
  uint32_t layer_count = 0;
  uint32_t is_volatile = 0;  ///< nothing that is written is ever synced
  uint32_t no_links = 0;     ///< a link anywhere in the path of the source is an error
  uint32_t check_upper = 0;
  uint32_t whole_entries =
      0;               ///< what an overlay writes shall be whole files and directories, whatever the module's defaults
  uint32_t apart = 0;  ///< the broker has a process of its own do it, which ends after so many milliseconds
  uint64_t upper_device = 0;  ///< of an overlay's upper directory, as in stat, when check_upper
  uint64_t upper_inode = 0;
};

/// What happens when a source dies, as LossPolicy.
enum class OnLoss : uint32_t { Keep, Repair, Pause, Stop };

/// A mount whose source is looked for by its name as long as the container lives (program/named_source.hpp).
struct NamedSourceRecord {
  uint32_t mount = 0;  ///< index of its MountRecord
  Text path = 0;       ///< absolute, clean, and free of links
  Text replaced = 0;   ///< for who watches
  Text lost = 0;
  Text restored = 0;
  int32_t user_namespace = -1;  ///< by whose ids the files are shown
  uint32_t type = 0;            ///< of what is mounted: S_IFMT of its mode
  uint32_t watched = 0;         ///< the directories on the way are, for what gets its name
  OnLoss on_loss{};             ///< other than Keep: it is looked at again and again
  uint32_t interval = 0;        ///< between two looks, in milliseconds
  uint32_t timeout = 0;         ///< of one
  uint32_t mounted_depth = 0;   ///< how many names of the path lead to the last mount point on the way; 0: to none
  uint32_t stop_signal = 0;
  uint32_t unused = 0;
  uint64_t device = 0;  ///< of what is mounted, as in stat
  uint64_t inode = 0;
  DetachRequest request{};
};

}  // namespace dunnage::launcher
