// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Copying files into and out of containers, running or not, and volumes, in use or not, as `docker cp` does.
///
///     dunnage::copy_in(container, "/home/me/app.conf", "/etc/app/");        // becomes /etc/app/app.conf
///     dunnage::copy_out(container, "/var/log/app/.", "/home/me/logs");      // what is in it, not the directory itself
///     dunnage::copy_in(store, "db-data", "backup.sql", "/");
///     dunnage::copy_out(container, "/var/log/app", STDOUT_FILENO);          // as a tar archive
///
/// The rules, which are Docker's:
///
// clang-format off
///     target                          source is a file, link, …   source is a directory
///     a directory                     is copied into it           is copied into it; with "/." at the source's end, its content
///     a file                          replaces it                 refused
///     absent                          gets this name              gets this name
///     absent, and ends in "/"         refused                     gets this name
// clang-format on
///
/// The directory the target is in has to be there. Into a directory that is there as well, directories are merged, and
/// anything else is replaced by its name: what a link there leads to is not written to. A symbolic link that is the
/// target itself is followed. A file is never put in the place of a directory, nor the other way round.
///
/// A file appears under its name when all of it is there; what it replaces is there until that instant, so that both
/// need space. Directories are closed to others until what is in them is there; those of an archive are not. Whoever is
/// killed in that instant may leave a ".dunnage-copy-..." beside the target, which the same copy takes away; so may
/// whoever is killed while it copies to a file system that has no files without a name (O_TMPFILE).
///
/// Paths in a container or volume are taken as a process in it would, links included, and never lead out of it,
/// whatever its programs rename or replace meanwhile; mounts of the container are seen, the kernel's own file systems
/// are not copied. Nothing is executed in the container. What was copied before a failure stays.
///
/// A container that has ended has its files as long as it has its record (LaunchSpec::remove_on_exit is false): its
/// directory, or its image with what it wrote there on disk, and in them its binds, volumes and image mounts. What was
/// in memory is gone: a tmpfs is seen empty, and cannot be written to before the container runs. While files are copied
/// it can neither be started nor removed: who tries waits a few seconds, and is refused (EBUSY).

#include <dunnage/container.hpp>
#include <dunnage/container_store.hpp>
#include <dunnage/export.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume_store.hpp>

#include <cstdint>
#include <filesystem>
#include <string>

namespace dunnage {

struct CopyOptions {
  /// Copies keep owner, set-user-ID bits and capabilities, by the ids of the container. Else they belong to the
  /// container's root, or on the way out to this user, who inherits none of that.
  bool archive = false;
  bool follow_links = false;  ///< if the source is a symbolic link, what it leads to is copied; else the link
  std::uint64_t most_bytes = UINT64_MAX;  ///< of content; errc::limit_exceeded beyond
  std::uint64_t most_entries = 16'777'216;
  Watch watch{};  ///< progress is in bytes
};

/// \param source  of this machine; \param target absolute path in the container
/// Throws: LaunchError(cancelled, timed_out, limit_exceeded) or with the errno of what failed and on which path;
/// LaunchError(not_running) if it has ended and nothing of it was kept; LaunchError(not_supported) if it has ended and
/// its files went with it, as those of Rootfs::host() and changes in memory do; and as Container::restart().
/// Kernel: openat2(2) with RESOLVE_IN_ROOT, Linux 5.6.
DUNNAGE_API void copy_in(const Container& container, const std::filesystem::path& source, const std::string& target,
                         const CopyOptions& options = {});
DUNNAGE_API void copy_out(const Container& container, const std::string& source, const std::filesystem::path& target,
                          const CopyOptions& options = {});

/// The same as a tar archive, as `docker cp` does with "-". It is read from, or written to, an open file, pipe or
/// socket, which stays the caller's; nobody gets a SIGPIPE.
///
/// Out comes ustar, and pax where that is needed: names begin with that of the source, or are below it with "/." at its
/// end; owners are the container's, whatever `archive` says; sockets are left out, holes stay holes but count as
/// content, times are in seconds, directories are at most 128 deep. An error leaves an archive without an end.
///
/// In goes one that is packed by gzip, zstd, bzip2, xz, lz4 or not at all, into a directory that is there. Nobody has
/// to trust it: it is unpacked out of sight in the store first, and nothing happens to the target unless it is whole,
/// and has no name that leads upwards, no device, and no name that only layers of images have (".wh."). Links in it
/// lead to places in it; none that is in the target is written through. Directories that are there keep their owner,
/// mode and times; owners in it count with `archive` only. Of extended attributes come user.*, access control lists
/// and, with `archive`, capabilities; others are the machine's. Without `most_bytes` it may have 64 GiB, and 32 in one
/// file. Throws: besides, LaunchError(image_invalid) for what is not a whole archive, LaunchError(not_supported) for a
/// device.
DUNNAGE_API void copy_in(const Container& container, int archive, const std::string& target,
                         const CopyOptions& options = {});
DUNNAGE_API void copy_out(const Container& container, const std::string& source, int archive,
                          const CopyOptions& options = {});

/// The same for a recorded container, by its name, its id, or a beginning of that. Throws:
/// LaunchError(container_missing), and as the others.
DUNNAGE_API void copy_in(const ContainerStore& store, const std::string& container, const std::filesystem::path& source,
                         const std::string& target, const CopyOptions& options = {});
DUNNAGE_API void copy_out(const ContainerStore& store, const std::string& container, const std::string& source,
                          const std::filesystem::path& target, const CopyOptions& options = {});
DUNNAGE_API void copy_in(const ContainerStore& store, const std::string& container, int archive,
                         const std::string& target, const CopyOptions& options = {});
DUNNAGE_API void copy_out(const ContainerStore& store, const std::string& container, const std::string& source,
                          int archive, const CopyOptions& options = {});

/// The same for a volume; "/" is its top. It cannot be removed meanwhile.
/// Throws: VolumeError(volume_missing, ...), VolumeError(not_supported) for one whose data is not in the store.
DUNNAGE_API void copy_in(const VolumeStore& store, const std::string& volume, const std::filesystem::path& source,
                         const std::string& target, const CopyOptions& options = {});
DUNNAGE_API void copy_out(const VolumeStore& store, const std::string& volume, const std::string& source,
                          const std::filesystem::path& target, const CopyOptions& options = {});
DUNNAGE_API void copy_in(const VolumeStore& store, const std::string& volume, int archive, const std::string& target,
                         const CopyOptions& options = {});
DUNNAGE_API void copy_out(const VolumeStore& store, const std::string& volume, const std::string& source, int archive,
                          const CopyOptions& options = {});

}  // namespace dunnage
