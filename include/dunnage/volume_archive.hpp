// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Volumes as tar archives, for backups and for other machines; what the verbs of VolumeStore that move volumes take
/// and answer.
///
///     auto done = store.export_to("db-data", "/backup/db-data.tar.zst", {.compression = ArchiveCompression::Zstd});
///     other.import_from("/backup/db-data.tar.zst", "db-data", {.digest = done.digest});
///     store.rename("db-data", "db-data-2026");
///     store.copy("db-data", "db-data-test");
///     store.adopt(dunnage::adoptable("/var/lib/docker/volumes").front());
///
/// An archive is a pax tar, as GNU tar, bsdtar and Go read it: `./` is the volume itself, then all that is in it in the
/// order of names; owners by number, modes, times in nanoseconds, extended attributes of the user, access lists,
/// capabilities, hard links, holes, devices and FIFOs. Sockets are left out, and so are labels of SELinux. Equal
/// content gives equal bytes: there is nothing in it of when, where or by whom it was made.
///
/// Owners are written as containers see them. So what a volume of an ordinary user has of "root" is root's in a volume
/// of the machine's root, and the other way round, whatever ids of the machine stand behind it.
///
/// A volume that a container uses is exported as it is: what comes of it is at best what a power cut would leave, and
/// each file as it was when it was read. The result says so. VolumeExportOptions::freeze lets a program hold still
/// meanwhile.

#include <dunnage/export.hpp>
#include <dunnage/freeze_hook.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// How an archive is packed. An import sees by itself how one is.
enum class ArchiveCompression { None, Gzip, Zstd };

[[nodiscard]] DUNNAGE_API std::string_view to_string(ArchiveCompression compression) noexcept;

/// Takes the bytes of an archive, in order. What it throws ends the export and comes out of it.
using ByteSink = std::function<void(std::string_view)>;
/// Puts bytes of an archive into the buffer. \return how many; 0 at the end
using ByteSource = std::function<std::size_t(char* buffer, std::size_t size)>;

struct VolumeExportOptions {
  ArchiveCompression compression = ArchiveCompression::None;
  /// Earlier exports of this volume: a whole one, and those that were made since, in their order. Only what differs
  /// from them comes, and what is gone as `.wh.NAME`, as in layers of images. Contents are compared by their digests. A
  /// name that begins with ".wh." cannot come (errc::not_supported).
  std::vector<std::filesystem::path> since{};
  FreezeHook freeze{};                                   ///< for a volume that is in use
  std::uint64_t most_entries = std::uint64_t{1} << 24U;  ///< errc::limit_exceeded beyond
  Watch watch{};                                         ///< progress is in bytes of the tar
};

/// What was written.
struct VolumeExportResult {
  std::string digest;                ///< "sha256:…" of the bytes that were written
  std::string tar_digest;            ///< of the tar itself; the same unless it is packed
  std::uint64_t size = 0;            ///< bytes that were written
  std::uint64_t entries = 0;         ///< in the archive; one of them is the volume itself
  std::uint64_t bytes = 0;           ///< of content, holes included
  std::vector<std::string> users{};  ///< the containers that used the volume; empty: nobody wrote to it meanwhile
  std::uint64_t changed = 0;         ///< files that changed while they were read; 0 unless somebody used it
  [[nodiscard]] bool in_use() const noexcept { return !users.empty(); }

  friend bool operator==(const VolumeExportResult&, const VolumeExportResult&) = default;
};

/// What an archive may cost before it is refused (errc::limit_exceeded). The space it took is given back then.
struct ArchiveLimits {
  std::uint64_t bytes = std::uint64_t{1} << 40U;       ///< unpacked
  std::uint64_t file_bytes = std::uint64_t{1} << 40U;  ///< of one file in it
  std::uint64_t entries = std::uint64_t{1} << 24U;
  std::uint64_t ratio = 40'000;  ///< unpacked bytes for each packed one, in what unpacks to more than 64 MiB
  unsigned depth = 256;          ///< components of a path

  friend bool operator==(const ArchiveLimits&, const ArchiveLimits&) = default;
};

struct VolumeImportOptions {
  Labels labels{};  ///< of a new volume
  /// "sha256:…" of the archive as it is, or of the tar in it. It is compared before the volume can be seen.
  std::string digest{};
  /// Exports made since the archive (VolumeExportOptions::since), in their order: the volume becomes what it was at the
  /// last one. Each says what it goes on top of, and is refused (errc::digest_mismatch) anywhere else.
  std::vector<std::filesystem::path> increments{};
  /// The volume may be there: then its data is replaced by that of the archive, in one step, if nobody uses it and it
  /// is not protected.
  bool replace = false;
  /// This user, or the disk of the store, may lack what an archive asks for: devices, ids, attributes. It is refused
  /// (errc::not_supported); true: that is left out, and counted.
  bool accept_losses = false;
  ArchiveLimits limits{};
  Watch watch{};  ///< progress is in bytes of the tar
};

struct VolumeImportResult {
  Volume volume;
  std::string tar_digest;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;       ///< of content, holes included
  std::uint64_t devices = 0;     ///< not made, for an ordinary user cannot
  std::uint64_t attributes = 0;  ///< left out
  std::uint64_t owners = 0;      ///< files that belong to the one id there is, and not to theirs
};

struct VolumeCopyOptions {
  Watch watch{};  ///< progress is in bytes
};

/// A volume of another engine, found on its disk.
struct AdoptableVolume {
  std::string engine;  ///< "docker" or "podman"
  std::string name;
  std::filesystem::path directory;  ///< what the engine has of it; the data is in `_data` there
  Labels labels{};
  DriverOptions driver_options{};

  friend bool operator==(const AdoptableVolume&, const AdoptableVolume&) = default;
};

/// The volumes in an engine's directory of volumes: `/var/lib/docker/volumes`,
/// `~/.local/share/containers/storage/volumes` and the like. An empty path: those of Docker and Podman where they are
/// by default for this user, if they are there and can be read. Sorted by engine and name.
///
/// An engine keeps labels in a database of its own, which is not read here: \param inspected what
/// `docker volume inspect NAME…` or `podman volume inspect NAME…` printed, an array of JSON; labels and options are
/// taken from there. Docker's options are also in its `opts.json`.
/// Throws: VolumeError with the errno of what failed, VolumeError(invalid_argument) if `inspected` is no such array.
[[nodiscard]] DUNNAGE_API std::vector<AdoptableVolume> adoptable(const std::filesystem::path& volumes = {},
                                                                 std::string_view inspected = {});

struct VolumeAdoptOptions {
  std::string name{};  ///< of the new volume; empty: as the engine calls it
  /// false: the data stays where it is, and both use it. The new volume has the driver options `type=none o=bind
  /// device=…/_data`; it is removed without its data, and who removes the engine's volume takes the data from both.
  /// true: the data is copied, and the engine's is left as it is.
  bool copy = false;
  Labels labels{};  ///< further ones
  Watch watch{};    ///< progress is in bytes
};

}  // namespace dunnage
