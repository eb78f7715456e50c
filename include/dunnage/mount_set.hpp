// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container shall see: an ordered value of mounts. Adding to it touches nothing.
///
///     dunnage::MountSet mounts;
///     mounts.add(dunnage::BindMount{"/srv/conf", "/etc/app", {.read_only = true}})
///           .add(dunnage::Tmpfs{"/run"})
///           .add_spec("-v /host/logs:/app/logs")                        // the words people know
///           .add_spec("type=volume,source=db-data,target=/data");
///     std::cout << mounts.resolve();                                    // the dry run

#include <dunnage/bind_mount.hpp>
#include <dunnage/export.hpp>
#include <dunnage/fwd.hpp>
#include <dunnage/image_mount.hpp>
#include <dunnage/rootfs.hpp>
#include <dunnage/spec_code.hpp>
#include <dunnage/tmpfs.hpp>
#include <dunnage/volume.hpp>

#include <cstddef>
#include <filesystem>
#include <initializer_list>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunnage {

using Mount = std::variant<BindMount, VolumeMount, Tmpfs, ImageMount>;

[[nodiscard]] DUNNAGE_API std::string to_string(const Mount& mount);
[[nodiscard]] DUNNAGE_API const std::string& target_of(const Mount& mount) noexcept;

/// One `-v` value: `[SOURCE:]TARGET[:OPTIONS]`. A source that begins with `/` or `.` is a host path, anything else the
/// name of a volume. For Compose it is an entry of `volumes:` in short form: `${NAME}` is filled in from the
/// environment and `~` is the home. Relative paths stay relative until resolve(). Throws: SpecError with a caret under
/// the offending part; errc::not_supported for what the engine has and this library does not. spec.hpp has what the
/// engine itself would answer.
[[nodiscard]] DUNNAGE_API Mount parse_volume_flag(std::string_view text, Engine engine = Engine::Docker);
/// One `--mount` value: `type=bind,source=/a,target=/b,readonly`. This library's own options have words there, too
/// (spec_words()). Compose has no such flag. Throws: SpecError.
[[nodiscard]] DUNNAGE_API Mount parse_mount_flag(std::string_view text, Engine engine = Engine::Docker);
/// One `--tmpfs` value: `/run[:size=64m,mode=1777]`. Throws: SpecError.
[[nodiscard]] DUNNAGE_API Mount parse_tmpfs_flag(std::string_view text, Engine engine = Engine::Docker);

/// The mount as a `-v` value, which parses back to the same mount; none if `-v` cannot express it. Every mount has a
/// `--mount` value: to_string().
[[nodiscard]] DUNNAGE_API std::optional<std::string> to_volume_flag(const Mount& mount);

/// What resolve() is told about the host.
struct ResolveOptions {
  std::filesystem::path store{};              ///< where named volumes and images live; empty: default_store()
  std::filesystem::path current_directory{};  ///< base of relative sources; empty: that of the process
  /// What the mounts will be in. An image, which has to be in the store, adds the volumes it declares.
  Rootfs rootfs = Rootfs::host();
  ImageVolumes image_volumes = ImageVolumes::Anonymous;
};

/// A value: copies are independent, equality is member by member, in order.
/// Thread safety: as a std::vector.
class DUNNAGE_API MountSet {
 public:
  MountSet() = default;
  MountSet(std::initializer_list<Mount> mounts);

  /// Throws: MountError(duplicate_target) if the place is taken ("/x", "/x/" and "/./x" are one),
  /// MountError(invalid_argument) if the target is not absolute, or is "/". The set is unchanged then.
  MountSet& add(Mount mount);
  /// `-v SPEC`, `--volume SPEC`, `--mount SPEC`, `--tmpfs SPEC`, or a bare value: with a `type=`/`source=`-like first
  /// field it is read as `--mount`, otherwise as `-v`. Throws: SpecError, and as add().
  /// \param engine whose language it is; its words mean what they mean there
  MountSet& add_spec(std::string_view text, Engine engine = Engine::Docker);

  [[nodiscard]] std::size_t size() const noexcept { return mounts_.size(); }
  [[nodiscard]] bool empty() const noexcept { return mounts_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return mounts_.begin(); }
  [[nodiscard]] auto end() const noexcept { return mounts_.end(); }
  [[nodiscard]] const Mount& operator[](std::size_t index) const { return mounts_.at(index); }

  /// Looks at the host and decides: sources, kinds, attributes, order. Writes nothing.
  /// Throws: MountError(source_missing, volume_missing, image_missing), VolumeError(volume_damaged, store_unusable),
  /// ImageError(image_missing) for the root's, MountError with ETIMEDOUT for the source of a bind on a file system that
  /// does not answer within 10 seconds (FUSE or NFS whose server stands still), and what add() throws.
  [[nodiscard]] MountPlan resolve(const ResolveOptions& options = {}) const;

  /// One `--mount` text per line.
  [[nodiscard]] std::string to_string() const;
  /// An array of objects with Docker's field names (Type, Source, Target, ReadOnly, BindOptions, ...).
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const MountSet&, const MountSet&) = default;

 private:
  std::vector<Mount> mounts_;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const MountSet& mounts);

}  // namespace dunnage
