// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container's "/" is.
///
///     dunnage::Rootfs::host()                        // this machine's /usr, read-only, and a small /etc of its own
///     dunnage::Rootfs::image("postgres:16")          // shared by all containers of it; each has its own changes
///     dunnage::Rootfs::directory("/srv/images/app")  // a directory that holds a root file system, used in place

#include <dunnage/export.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage {

/// A value; nothing is opened before launch().
class DUNNAGE_API Rootfs {
 public:
  enum class Kind { Host, Directory, Image };

  /// The machine's own /usr read-only (with /bin, /sbin, /lib* as the machine has them), a generated /etc (passwd,
  /// group, hosts, nsswitch.conf; /etc/alternatives and the linker's cache of the machine), and a private tmpfs for
  /// everything else. A container without any download; nothing else of the machine is seen.
  [[nodiscard]] static Rootfs host();
  /// The directory is used in place: what the container writes outside of mounts is written there, and missing mount
  /// points are created there. With `read_only_root` nothing but mount points is.
  [[nodiscard]] static Rootfs directory(std::filesystem::path path);

  /// An image of the launch's store: `NAME[:TAG][@DIGEST]`, an id, or an unambiguous beginning of one
  /// (image_store.hpp). Its layers stay as they are; what the container writes outside of mounts is its own
  /// (RootChanges). Kernel: Linux 6.5; RootChanges in memory Linux 6.13.
  [[nodiscard]] static Rootfs image(std::string name);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }  ///< of a directory
  [[nodiscard]] const std::string& name() const noexcept { return name_; }            ///< of an image
  /// "host", the path, or the name of the image.
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Rootfs&, const Rootfs&) = default;

 private:
  Rootfs(Kind kind, std::filesystem::path path, std::string name);
  Kind kind_;
  std::filesystem::path path_;
  std::string name_;
};

/// Where what a container writes to the root file system of its image goes, and how much that may be.
///
///     spec.root_changes = {.limit = 1ull << 30};                              // 1 GiB on disk
///     spec.root_changes = {.kind = dunnage::RootChanges::Kind::Memory};       // 64 MiB in memory
///
/// On disk there is no bound without `limit`. **A limit holds, or the container is not launched.** It is held by the
/// kernel, for whatever is written outside of mounts: by programs of the container, those of exec() among them, by
/// copy_in() while it runs and after its end, and by files of the image that are changed, which are copied as a whole.
/// Writing past it fails with ENOSPC or EDQUOT, and what was written before stays. It is that of the container for as
/// long as its changes are there, whatever starts it again, and its room is free again when they are removed; the
/// layers of the image are shared as ever, and count nothing. What the image declares as volumes is no part of it, nor
/// are the files of the engine, nor a log, which has a bound of its own.
///
/// It is held as that of a volume is, tried as that is before anything runs, and takes the same: a quota where the
/// store is on btrfs, which has to be 1 MiB at least, else a file system in an image, from 16 MiB (volume_limit.hpp
/// says which one, what it costs, and what it needs installed; VolumeStore::plan_limit() says it of this store). Its
/// own records take a part of the size. The first start of a container makes it, which takes a tenth of a second or
/// so; none is made where nothing is written to the root (LaunchSpec::read_only_root). It is for root: an ordinary user
/// can have neither, and is refused with not_supported; changes in memory have a size for whoever launches.
/// Kernel: Linux 6.13 for a file system in an image.
struct RootChanges {
  enum class Kind {
    Disk,    ///< into the store, for this container alone. It stays as long as the container's record does, so that a
             ///< restart finds it; without one it goes with the container
    Memory,  ///< gone with each end; only a restart policy's restarts find it
  };
  Kind kind = Kind::Disk;
  std::uint64_t size = std::uint64_t{64} << 20U;  ///< bytes, at most, in memory
  std::optional<std::uint64_t> limit{};           ///< bytes, at most, on disk; rounded down to a multiple of 4,096
  friend bool operator==(const RootChanges&, const RootChanges&) = default;
  /// Docker's `--storage-opt`, and an entry of Compose's `storage_opt`: "size=1G", on disk; "size=0": without a limit.
  /// Throws: LaunchError(invalid_argument), LaunchError(not_supported) for another option than `size`.
  [[nodiscard]] DUNNAGE_API static RootChanges parse_storage_option(std::string_view text);
};

/// What the places are that an image declares as volumes (`VOLUME`), where nothing else is mounted.
enum class ImageVolumes {
  Anonymous,  ///< an anonymous volume each, with the image's content; Docker's way
  Tmpfs,      ///< an empty tmpfs each
  Ignore,     ///< a part of the root file system
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(RootChanges::Kind kind) noexcept;
[[nodiscard]] DUNNAGE_API std::string_view to_string(ImageVolumes volumes) noexcept;

}  // namespace dunnage
