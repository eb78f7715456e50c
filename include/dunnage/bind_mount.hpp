// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A bind mount: a directory or file of the host, shown at a path of the container. Changes are seen on both sides
/// at once, and they stay when the container is gone.
///
///     mounts.add(dunnage::BindMount{"/host/logs", "/app/logs"});
///     mounts.add(dunnage::BindMount{"/srv/conf", "/etc/app", {.read_only = true}});

#include <dunnage/export.hpp>
#include <dunnage/overlay.hpp>
#include <dunnage/ownership.hpp>
#include <dunnage/relabel.hpp>
#include <dunnage/source_loss.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// How mounts made later, on either side, travel to the other (mount_namespaces(7)). `R` = for the whole tree. Without
/// it, mounts below the source keep what they have on the host with Shared; with Private and Slave they get it too, as
/// they would else, being copies of shared mounts, let out what these keep in.
enum class Propagation { Private, RPrivate, Shared, RShared, Slave, RSlave };

/// What happens with mounts that lie below the source (Docker's `bind-recursive`).
enum class Recursion {
  Enabled,   ///< they come along; `read_only` holds for all of them
  Disabled,  ///< only the top mount is shown
  Writable,  ///< they come along; `read_only` holds for the top mount only
  ReadOnly,  ///< they come along; fails unless all of them can be made read-only
};

/// What the mount shows when its source is replaced on the host: another file or directory that is renamed into its
/// place, as editors, `sed -i` and tools of configuration do, or that is made there after it was removed.
///
///     using dunnage::Follow;
///     mounts.add(dunnage::BindMount{"/srv/app.conf", "/etc/app.conf", {.read_only = true, .follow = Follow::Name}});
enum class Follow {
  Inode,  ///< what was there at the launch, for ever, as the kernel does: edits are not seen
  /// What has the name now. Its launcher watches the directories of its path (inotify(7)), mounts what has come to be
  /// there, with the options of the plan, and puts it in the place of the old one at once: nobody who looks finds
  /// nothing. As long as nothing has the name the old one stays; programs that have it open keep it. It is looked for
  /// as a launch would look for it: with the rights of this user, over no symbolic link, and it has to be of the type
  /// it was of. What is anything else is not shown: MountEvent::Kind::Lost says why. Changes made by other machines
  /// (NFS) or by the server of a file system (FUSE) are not noticed. Not for a source that is reached over a link, is
  /// a mount point, or has other mounts of the container on it. A start by the restart policy that meets a moment in
  /// which nothing has the name may fail, as a launch would, and is tried again. An ordinary user's container whose
  /// program is gone gets such a mount by Container::attach() only if it has one already.
  /// Kernel: MOVE_MOUNT_BENEATH, Linux 6.5.
  Name,
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(Follow value) noexcept;
[[nodiscard]] DUNNAGE_API std::string_view to_string(Propagation value) noexcept;
[[nodiscard]] DUNNAGE_API std::string_view to_string(Recursion value) noexcept;

/// What a bind mount can be told. The defaults are the stricter of Docker's and Podman's.
struct BindOptions {
  bool read_only = false;  ///< writes fail with EROFS, in mounts below the source too (see Recursion)
  Propagation propagation = Propagation::RPrivate;
  Recursion recursion = Recursion::Enabled;
  bool create_source = false;  ///< an absent source becomes a directory (as `-v` does); otherwise it is an error
  bool suid = false;           ///< honour set-user-ID bits and file capabilities found there
  bool dev = false;            ///< honour device nodes found there
  bool exec = true;            ///< allow programs found there to be executed

  unsigned create_mode = 0755;                ///< permission bits of a source that is created
  std::optional<std::uint32_t> create_uid{};  ///< owner on the host of a source that is created; default: this user
  std::optional<std::uint32_t> create_gid{};
  bool optional = false;            ///< without its source the mount is left out, and the plan says so
  bool require_mountpoint = false;  ///< the source must be a mount point: an unmounted share is an empty directory
  Ownership owner{};
  /// prepare() gives the source and all below it to the container's user (Podman's `U`): no link is followed, no mount
  /// is entered. What it has changed stays changed, also when preparing fails; the next time goes on where it ended.
  bool chown = false;
  Relabel relabel = Relabel::None;
  /// Files and directories below the source that the container finds empty and read-only: paths relative to the source
  /// with `*` and `?` in a name, and `**` for any number of directories: "node_modules", "**/.git". Matched when the
  /// mount is prepared; what appears later is not hidden. Symbolic links are not. Kernel: Linux 6.15.
  std::vector<std::string> exclude{};
  std::optional<OverlayOptions> overlay{};
  Follow follow = Follow::Inode;
  /// Changes go to this transaction of the source, see transaction.hpp: its name in the store of resolve(), or its
  /// absolute path, which Transaction::at() gives. Without `overlay`, `chown` and `owner`. Kernel: Linux 6.13.
  std::string transaction{};
  SourceLoss on_loss{};  ///< what happens when the source dies

  friend bool operator==(const BindOptions&, const BindOptions&) = default;
};

/// A value; describing a mount touches nothing.
struct BindMount {
  std::filesystem::path source;  ///< on the host; a relative path is taken from the current directory at resolve()
  std::string target;            ///< absolute path in the container; created if it is missing
  BindOptions options{};

  friend bool operator==(const BindMount&, const BindMount&) = default;
};

/// `type=bind,source=/srv/conf,target=/etc/app,readonly`: the words of `--mount`, which parse back to the same mount.
[[nodiscard]] DUNNAGE_API std::string to_string(const BindMount& mount);

}  // namespace dunnage
