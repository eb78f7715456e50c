// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The decision: every mount with its resolved source, its attributes, its place in the order, and why. Printing a
/// plan is the dry run.
///
///     dunnage::MountPlan plan = mounts.resolve();
///     for (const auto& mount : plan) std::cout << mount.to_string() << '\n';
///     dunnage::PreparedMounts prepared = plan.prepare();      // still nothing visible anywhere

#include <dunnage/bind_mount.hpp>
#include <dunnage/export.hpp>
#include <dunnage/fwd.hpp>
#include <dunnage/path_explanation.hpp>
#include <dunnage/rootfs.hpp>
#include <dunnage/volume.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

enum class MountKind { Bind, Volume, Tmpfs, Image };
enum class FileKind { Directory, File };

[[nodiscard]] DUNNAGE_API std::string_view to_string(MountKind kind) noexcept;

/// One mount as it will be. What the container sees in its mountinfo has exactly these attributes.
struct DUNNAGE_API ResolvedMount {
  MountKind kind = MountKind::Bind;
  FileKind file_kind = FileKind::Directory;
  std::string target;              ///< absolute and clean
  std::filesystem::path source{};  ///< absolute host path; a volume's data directory; empty for tmpfs and for an
                                   ///< anonymous volume that is yet to be made, and for an image
  bool create_source = false;      ///< prepare() makes the source directory
  bool read_only = false;
  bool recursive_read_only = false;  ///< read_only holds in mounts below the source too
  bool recursive = true;             ///< mounts below the source come along
  bool suid = false;
  bool dev = false;
  bool exec = true;
  Propagation propagation = Propagation::RPrivate;

  std::string volume{};           ///< name of the volume; empty with kind Volume: an anonymous one
  std::filesystem::path store{};  ///< root of its store, or the image's
  bool create_volume = false;     ///< it is not there; prepare() makes it
  bool no_copy = false;
  bool copy_up = false;  ///< prepare() fills it, if it is empty and unused, with what the image has at the target
  Labels labels{};       ///< for a volume that is made

  std::uint64_t size = 0;  ///< tmpfs
  unsigned mode = 0;
  std::optional<std::uint32_t> uid{};
  std::optional<std::uint32_t> gid{};
  std::optional<std::uint64_t> nr_inodes{};
  bool no_swap = false;

  unsigned create_mode = 0755;  ///< of a source that is created
  std::optional<std::uint32_t> create_uid{};
  std::optional<std::uint32_t> create_gid{};
  bool require_mountpoint = false;
  bool left_out = false;  ///< optional, and there is no source: nothing is mounted
  std::string subpath{};  ///< of the volume or image
  std::string driver{};   ///< of a volume that is made
  DriverOptions driver_options{};
  LimitWay limit_way = LimitWay::None;     ///< of a volume that is there
  AccessMode access = AccessMode::Shared;  ///< the volume's own, or what the mount asks, whichever is stricter
  std::chrono::milliseconds access_timeout{0};
  Ownership owner{};
  bool chown = false;
  Relabel relabel = Relabel::None;
  std::vector<std::string> exclude{};
  std::optional<OverlayOptions> overlay{};
  Follow follow = Follow::Inode;
  SourceLoss on_loss{};
  std::string transaction{};  ///< its path; `overlay` says where its changes go
  std::string image{};        ///< as it was asked for
  std::string image_id{};  ///< which one that is, "sha256:…"; preparing mounts this one, whoever has the name by then
  std::vector<std::string> masked{};  ///< what prepare() hid of the source, relative to it

  std::vector<std::string> reasons{};  ///< why each choice was taken, in sentences

  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ResolvedMount&, const ResolvedMount&) = default;
};

/// What prepare() is told.
struct PrepareOptions {
  /// Whom the container will run as, as `uid[:gid]`. Matters to an ordinary user without a range of ids in /etc/subuid,
  /// for whom the one id that exists has to become this one, and to Ownership::match_user() and `chown`.
  std::string user{};
  std::string container_id{};    ///< owner of anonymous volumes; empty: a fresh id
  std::string container_name{};  ///< whom VolumeStore::users() will name; empty: the id
  /// What the mounts will be in: fresh volumes get what it has at their targets. An image has to be in the store.
  Rootfs rootfs = Rootfs::host();
  std::filesystem::path store{};  ///< of the image; empty: default_store()
};

/// A value. Two plans of the same set on the same host are equal. Its paths are free of links as far as they exist, and
/// preparing follows none: a link that has been put in the way since is an error (ELOOP), not another source. Order:
/// parents before children, otherwise as added. Thread safety: as a std::vector.
class DUNNAGE_API MountPlan {
 public:
  MountPlan() = default;
  explicit MountPlan(std::vector<ResolvedMount> mounts);

  [[nodiscard]] std::size_t size() const noexcept { return mounts_.size(); }
  [[nodiscard]] bool empty() const noexcept { return mounts_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return mounts_.begin(); }
  [[nodiscard]] auto end() const noexcept { return mounts_.end(); }
  [[nodiscard]] const ResolvedMount& operator[](std::size_t index) const { return mounts_.at(index); }
  /// Throws: std::out_of_range if nothing is mounted at exactly this target.
  [[nodiscard]] const ResolvedMount& operator[](std::string_view target) const;

  /// Which mount serves `path` in the container, from where on the host, and why. It goes by the words of the path: a
  /// plan knows no symbolic link of the container that leads from one mount to another; Container::explain() does.
  /// With a user, what is at the source on the host by now is looked at, too, and what that user may do with it, with
  /// the default capabilities. Throws: MountError(invalid_argument) for a path that is not absolute, LaunchError for a
  /// user that is no number.
  [[nodiscard]] PathExplanation explain(std::string_view path, const ExplainOptions& options = {}) const;

  /// Asks the kernel for detached mounts: descriptors that no mount table shows and that go when the process goes.
  /// Creates what the plan says is to be created (source directories, volumes) and takes the volumes' use locks.
  /// Layers of images that are not unpacked yet are unpacked. All or nothing. Throws: MountError naming the mount, with
  /// std::errc::timed_out if what serves its source (FUSE, NFS) leaves a call without an answer for 10 seconds;
  /// VolumeError, ImageError.
  /// Kernel: open_tree(2), mount_setattr(2), fsopen(2); Linux 5.12.
  [[nodiscard]] PreparedMounts prepare(const PrepareOptions& options = {}) const;

  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const MountPlan&, const MountPlan&) = default;

 private:
  std::vector<ResolvedMount> mounts_;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const MountPlan& plan);

}  // namespace dunnage
