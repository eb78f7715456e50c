// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Mounts of a container that runs, changed: what Container::attach(), detach() and replace() are told, and what they
/// tell others.
///
///     auto db = dunnage::ContainerStore::open().get("db");
///     db.attach(dunnage::VolumeMount{"backup", "/backup"});
///     db.replace("/etc/app", dunnage::BindMount{"/srv/conf.2", "/etc/app", {.read_only = true}});
///     db.detach("/backup");                                     // MountError with EBUSY names who uses it
///
///     auto events = db.mount_events();                          // in any process of this user
///     while (!events.ended()) {
///       while (const auto event = events.next()) std::cout << event->to_string() << '\n';
///       // and again when events.fd() can be read
///     }
///
/// A mount takes the way it takes at a launch: it is resolved, prepared as a descriptor that is nowhere, and attached
/// by that descriptor, by a process that is in the container's mount namespace and in nothing else of it. The container
/// is trusted with nothing: the target is looked up in its root, over links as its programs would take them, and looked
/// up again when the mount is there. Nothing is put over its /proc, /sys, /dev or a mask, not even over a link. It may
/// be paused meanwhile.
///
/// The plan follows, and so does the record: inspect(), restart(), the restart policy and volumes_from() have what is
/// attached by then, and no more what was detached. A volume is in use from before it is attached until it is detached
/// or the container ends, whoever is killed. An anonymous one belongs to the container and goes with it, even if it was
/// detached before. What a container has claimed of a volume (AccessMode) counts for its further mounts of it, and
/// others are kept off until the last of these is detached; more than it has claimed is refused. An image whose last
/// mount is detached may be removed.
///
/// What is in the middle. A call that throws has changed nothing, but a directory or an empty file may be there as a
/// mount point. Killing the calling process leaves the change undone, or has it done by the launcher all the same, with
/// its record; an anonymous volume it had made may stay, used by nobody, until the container is gone and a prune takes
/// it. A reader of the record may see a change some microseconds before a program in the container does, and
/// one that fails after all, as a detach does that finds the mount in use; what is attached is never missing from it.
/// Killing the launcher ends the container; its record says the state before or after.
///
/// A bind mount with Follow::Name is exchanged by the launcher itself, with what has the name of its source by then.
/// Its record stays as it is, for it says the name. A mount with a policy for the loss of its source is mended in the
/// same way (source_loss.hpp). attach(), detach() and replace() wait for an exchange that is under way, which takes but
/// a moment, and for no source that does not answer.
///
/// Kernel: setns(2), move_mount(2), Linux 5.12; replace(): MOVE_MOUNT_BENEATH, Linux 6.5.

#include <dunnage/export.hpp>
#include <dunnage/fwd.hpp>
#include <dunnage/mount_plan.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

struct DetachOptions {
  /// Programs that have files of it open keep these, and it is gone for all others. Else a mount that is used is left
  /// as it is.
  bool lazy = false;
};

/// A process that has something of a mount open: a file, a working directory, memory of a file.
struct MountHolder {
  int pid = 0;          ///< as this process sees it; 0 if it cannot
  std::string program;  ///< its name, at most 15 bytes (proc_pid_comm(5))
  friend bool operator==(const MountHolder&, const MountHolder&) = default;
};

/// One change that was made, by whichever process, or by the launcher for a mount with Follow::Name.
struct MountEvent {
  enum class Kind {
    Attached,
    Detached,
    Replaced,  ///< also by what has the name of its source now
    /// Of Follow::Name: something has the name of its source that cannot be shown, and the container keeps what it had.
    /// Of a source with a LossPolicy: it is dead, or could not be exchanged for what has its name.
    Lost,
    Restored,  ///< after Lost: what the container has, has the name again, or answers; or it has what took its place
  };
  Kind kind = Kind::Attached;
  ResolvedMount mount{};  ///< what is mounted now, or was before it was detached
  unsigned missed = 0;    ///< how many came before it that were lost, as nobody read them for too long
  std::string cause{};    ///< of Lost, in words; empty else
  /// `attached: ` and the mount; the cause behind it.
  [[nodiscard]] DUNNAGE_API std::string to_string() const;
  friend bool operator==(const MountEvent&, const MountEvent&) = default;
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(MountEvent::Kind kind) noexcept;

/// The changes from the moment it was made on, pulled: nothing here waits, and no thread is started. Some hundreds wait
/// to be read. Move-only. Thread safety: one thread at a time.
class DUNNAGE_API MountEvents {
 public:
  MountEvents(MountEvents&&) noexcept;
  MountEvents& operator=(MountEvents&&) noexcept;
  ~MountEvents();

  /// The next one; nothing where there is none now. Throws: LaunchError.
  [[nodiscard]] std::optional<MountEvent> next();
  /// The container has ended, or has been stopped to be started again by restart(): nothing more will come. A restart
  /// by its policy is no end.
  [[nodiscard]] bool ended() const noexcept;
  /// Can be read (poll, epoll, select) when next() has something, or the end. Owned by the reader.
  [[nodiscard]] int fd() const noexcept;

 private:
  friend class Container;
  struct State;
  explicit MountEvents(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

}  // namespace dunnage
