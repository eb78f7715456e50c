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

/// Where what a container writes to the root file system of its image goes.
struct RootChanges {
  enum class Kind {
    Disk,    ///< into the store, for this container alone. It stays as long as the container's record does, so that a
             ///< restart finds it; without one it goes with the container
    Memory,  ///< gone with each end; only a restart policy's restarts find it
  };
  Kind kind = Kind::Disk;
  std::uint64_t size = std::uint64_t{64} << 20U;  ///< bytes, at most, in memory
  friend bool operator==(const RootChanges&, const RootChanges&) = default;
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
