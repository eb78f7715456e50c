// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What happens to a container when the source of one of its mounts dies: the server of a FUSE file system was killed
/// ("Transport endpoint is not connected"), an NFS handle is stale, a directory was removed or replaced.
///
///     using dunnage::LossPolicy;
///     mounts.add(dunnage::BindMount{"/mnt/bucket", "/data", {.on_loss = {LossPolicy::Repair}}});
///
/// While the container runs its launcher has a process of its own ask the source, once in each interval, and kills it
/// when there is no answer in time. Nobody else ever waits for the source: not the host, not the launcher, and no other
/// call about that container. A source is lost when the kernel has no answer for it but an error (ENOTCONN, ESTALE, EIO
/// and others, not EACCES), when none comes in time, or when it was removed; MountEvent::Kind::Lost says why.
///
/// It is then looked for by its path in each interval, with the rights of this user and over no symbolic link. Another
/// directory or file that has the path, of the same type, is mounted with the options of the plan and put in the place
/// of the old one at once: nobody who looks finds nothing. That is done for a source that was replaced and not lost,
/// too (MountEvent::Kind::Replaced). Where the source was a mount point, or lay below one, something has to be mounted
/// there again: the empty directory of a server that is gone is not taken for its files. Files that are open
/// in the old mount stay there, and programs go on having errors from them: they have to open them again.
///
/// The sources of a container are looked at one after the other, so one that does not answer delays what is noticed of
/// the others by its timeout. What cannot be noticed: a server that answers for the directory itself but not for what
/// is in it. What a program asked of a server that was killed fails at once, whatever the policy, before anybody can
/// look. What waits for one that has read the request and does not answer cannot be killed, which is the kernel's rule:
/// a container with such a program ends when the server answers, ends, or its connection is aborted
/// (/sys/fs/fuse/connections).
///
/// A FUSE file system is its user's alone unless it is mounted with allow_other: without that, root has it for no
/// container, and an ordinary user only for containers whose programs have the user's own id outside, which `root` of
/// the container has. What may not be read at the launch is refused by resolve() (EACCES).
///
/// Not for a mount that has other mounts of the container on it, passes mounts on (propagation), or shows
/// more than its source: overlay, transaction, exclude, chown, relabel. Of volumes for those that are a directory of
/// the host (`type=none,o=bind`); what the library mounts itself, such as the file system of a device, is mounted by
/// the next start. Kernel: MOVE_MOUNT_BENEATH, Linux 6.5.

#include <dunnage/export.hpp>

#include <chrono>
#include <string_view>

namespace dunnage {

enum class LossPolicy {
  Keep,    ///< nobody looks: the mount stays as it is, as without this library
  Repair,  ///< the container goes on, and gets the source when it is there again
  /// It is paused until then. A pause() in between stays one, and resume(), or a signal, ends the pause at once. A
  /// program that waits for the source itself is held when it has its answer.
  Pause,
  /// It is stopped as by Container::stop(), with 10 seconds of grace, and not started again by its restart policy: that
  /// would start it without its data. ExitStatus::cause() says which mount it was and why, and so does the record.
  Stop,
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(LossPolicy value) noexcept;

struct SourceLoss {
  LossPolicy policy = LossPolicy::Keep;
  std::chrono::milliseconds interval{1000};  ///< between two looks; 100 ms to 1 hour
  std::chrono::milliseconds timeout{5000};   ///< of one look; 100 ms to 10 minutes

  friend bool operator==(const SourceLoss&, const SourceLoss&) = default;
};

}  // namespace dunnage
