// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container's "/" is.
///
///     dunnage::Rootfs::host()                        // this machine's /usr, read-only, and a small /etc of its own
///     dunnage::Rootfs::directory("/srv/images/app")  // a directory that holds a root file system, used in place

#include <dunnage/export.hpp>

#include <filesystem>
#include <string>

namespace dunnage {

/// A value; nothing is opened before launch().
class DUNNAGE_API Rootfs {
 public:
  enum class Kind { Host, Directory };

  /// The machine's own /usr read-only (with /bin, /sbin, /lib* as the machine has them), a generated /etc (passwd,
  /// group, hosts, nsswitch.conf; /etc/alternatives and the linker's cache of the machine), and a private tmpfs for
  /// everything else. A container without any download; nothing else of the machine is seen.
  [[nodiscard]] static Rootfs host();
  /// The directory is used in place: what the container writes outside of mounts is written there, and missing mount
  /// points are created there. With `read_only_root` nothing but mount points is.
  [[nodiscard]] static Rootfs directory(std::filesystem::path path);

  [[nodiscard]] Kind kind() const noexcept { return kind_; }
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(const Rootfs&, const Rootfs&) = default;

 private:
  Rootfs(Kind kind, std::filesystem::path path);
  Kind kind_;
  std::filesystem::path path_;
};

}  // namespace dunnage
