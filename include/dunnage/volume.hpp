// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A volume: a directory the library keeps for you under a name. It outlives every container that mounts it.
///
///     auto store  = dunnage::VolumeStore::open();
///     auto pgdata = store.get_or_create("db-data");
///     mounts.add(pgdata.at("/var/lib/postgresql/data"));
///
/// On disk it is `<store>/volumes/<name>/`, the data in `_data` below it as in Docker. Names follow Docker's rule
/// `[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}`.

#include <dunnage/export.hpp>
#include <dunnage/overlay.hpp>
#include <dunnage/ownership.hpp>
#include <dunnage/relabel.hpp>
#include <dunnage/source_loss.hpp>
#include <dunnage/volume_limit.hpp>
#include <dunnage/volume_seed.hpp>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

using Labels = std::map<std::string, std::string>;
/// What a volume driver is told: for "local" Docker's `type`, `device` and `o`, which are looked at when it is mounted:
///
///     {"type","none"},  {"device","/srv/data"}, {"o","bind[,ro]"}     a directory of the host
///     {"type","tmpfs"}, {"device","tmpfs"},     {"o","size=1g,…"}     memory, for one container at a time
///     {"type","ext4"},  {"device","/srv/x.img"}                       a file system on a disk or in a file; root only
using DriverOptions = std::map<std::string, std::string>;

/// Who may mount a volume together with whom. Asked by a mount, or a property of the volume; the stricter one holds,
/// for as long as the container does, through all of its restarts, and in all processes that use the store.
enum class AccessMode {
  Shared,        ///< everybody
  SingleWriter,  ///< one container that writes, and any number that mount it read-only
  Exclusive,     ///< one container
};
/// "shared", "single-writer", "exclusive"
[[nodiscard]] DUNNAGE_API std::string_view to_string(AccessMode mode) noexcept;

/// What a new volume is given.
struct VolumeOptions {
  Labels labels{};
  std::string driver = "local";  ///< the only one there is
  DriverOptions driver_options{};
  bool protect = false;  ///< it is not removed until VolumeStore::update() takes that away; not for anonymous ones
  AccessMode access = AccessMode::Shared;  ///< of every mount of it
  VolumeSeed seed{};                       ///< what is in it from the beginning; not with `driver_options`
  std::optional<VolumeLimit> limit{};      ///< how much it may hold; see volume_limit.hpp

  friend bool operator==(const VolumeOptions&, const VolumeOptions&) = default;
};

/// How a volume is mounted.
struct VolumeMountOptions {
  bool read_only = false;
  bool no_copy = false;  ///< never fill a fresh volume from the image (Docker's `nocopy`)
  Labels labels{};       ///< given to the volume if mounting creates it; ignored if it is there
  bool suid = false;
  bool dev = false;
  bool exec = true;

  std::string subpath{};  ///< a directory or file in the volume instead of all of it; no link leads out of the volume
  std::string driver{};   ///< of the volume if mounting creates it; empty: "local"
  DriverOptions driver_options{};  ///< likewise
  bool create = true;              ///< false: a volume that is not there is an error (Podman's `nocreate`)
  Ownership owner{};
  bool chown = false;  ///< prepare() gives the volume's data to the container's user (Podman's `U`)
  Relabel relabel = Relabel::None;
  std::vector<std::string> exclude{};  ///< as in BindOptions
  std::optional<OverlayOptions> overlay{};
  AccessMode access = AccessMode::Shared;  ///< prepare() throws VolumeError(volume_in_use) naming who is in the way
  std::chrono::milliseconds access_timeout{0};  ///< how long it waits for them before that
  SourceLoss on_loss{};  ///< of a volume that is a directory of the host: what happens when that dies

  friend bool operator==(const VolumeMountOptions&, const VolumeMountOptions&) = default;
};

/// A volume at a place in the container. A value; describing a mount touches nothing.
struct VolumeMount {
  std::string name;    ///< empty: an anonymous volume, made at prepare() and owned by the container
  std::string target;  ///< absolute path in the container; created if it is missing
  VolumeMountOptions options{};
  std::filesystem::path store{};  ///< root of the store it lives in; empty: the one given to resolve()

  friend bool operator==(const VolumeMount&, const VolumeMount&) = default;
};

/// `type=volume,source=db-data,target=/data`
[[nodiscard]] DUNNAGE_API std::string to_string(const VolumeMount& mount);

/// What is known about a volume; Docker's `volume inspect`.
struct VolumeInfo {
  std::string name;
  std::filesystem::path mountpoint;  ///< the directory that holds the data
  std::chrono::system_clock::time_point created_at;
  Labels labels;
  std::string driver = "local";
  DriverOptions driver_options{};
  bool anonymous = false;
  std::string owner;  ///< name (or id, without one) of the container an anonymous volume belongs to; else empty
  bool is_protected = false;
  AccessMode access = AccessMode::Shared;
  VolumeLimit limit{};
  LimitWay limit_way = LimitWay::None;  ///< an image: the data is a file system in `mountpoint / "image"`

  friend bool operator==(const VolumeInfo&, const VolumeInfo&) = default;
};

/// Docker's names: Name, Driver, Mountpoint, CreatedAt (RFC 3339), Labels, Options, Scope. Protected, Access and
/// Limit ({"Size", "Inodes", "Way"}), which Docker does not have, are there if they are not the defaults.
[[nodiscard]] DUNNAGE_API std::string to_json(const VolumeInfo& volume);

/// A handle on a volume that existed when the handle was made. It holds no descriptor and no lock; copies share what is
/// known of the volume, which never changes: after VolumeStore::update() it is VolumeStore::get() that knows more.
/// Thread safety: a value; any thread may use it.
class DUNNAGE_API Volume {
 public:
  Volume(const Volume& other) noexcept;  // moving copies, so that nothing is left empty
  Volume& operator=(const Volume& other) noexcept;
  ~Volume();

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const std::filesystem::path& mountpoint() const { return info().mountpoint; }
  [[nodiscard]] const VolumeInfo& info() const;
  [[nodiscard]] const Labels& labels() const noexcept;

  /// This volume at `target` in a container.
  [[nodiscard]] VolumeMount at(std::string target, VolumeMountOptions options = {}) const;

  DUNNAGE_API friend bool operator==(const Volume& left, const Volume& right);

 private:
  friend class VolumeAccess;
  struct Record;
  explicit Volume(std::shared_ptr<const Record> record);
  std::shared_ptr<const Record> record_;
};

}  // namespace dunnage
