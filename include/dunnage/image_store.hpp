// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Where images live, and the verbs on them. Part of the same store as volumes and containers; any number of processes
/// may use it at once, and one that is killed at any instant leaves it whole.
///
///     auto images = dunnage::ImageStore::open();
///     images.pull("debian:12");                                  // from a registry
///     images.load("/tmp/app.tar");                               // an OCI layout, or what `docker save` wrote
///     images.import("/tmp/rootfs.tar.gz", "base:1");             // a plain root file system
///     for (const auto& image : images.list()) std::cout << image.id() << '\n';
///
/// On disk, `<store>/images` is itself an OCI image layout (oci-layout, index.json, blobs/sha256), which skopeo, umoci
/// and podman can read; `trees/` beside it holds each layer unpacked once, for all images that share it.
/// Every blob is verified against its digest on its way in, and every layer against its diff-id when it is unpacked,
/// before anything can see it.
///
/// Names: "postgres" is docker.io/library/postgres:latest, as for Docker; `NAME[:TAG][@DIGEST]`, an id, or an
/// unambiguous beginning of an id where an image of the store is meant.

#include <dunnage/export.hpp>
#include <dunnage/image.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/volume_store.hpp>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// When an image is fetched from its registry.
enum class PullPolicy {
  Missing,  ///< if it is not in the store
  Always,   ///< each time, so that a tag that has moved is followed
  Never,    ///< it has to be there: errc::image_missing
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(PullPolicy policy) noexcept;

/// What an archive may cost before it is refused (errc::limit_exceeded). The space it took is given back then.
struct ImageLimits {
  std::uint64_t bytes = std::uint64_t{64} << 30U;       ///< of one layer, unpacked; of a whole archive that is loaded
  std::uint64_t file_bytes = std::uint64_t{32} << 30U;  ///< of one file in it
  std::uint64_t entries = 4'000'000;
  /// Unpacked bytes for each packed one, in what unpacks to more than 64 MiB; gzip itself cannot do more than 1,032.
  std::uint64_t ratio = 1100;
  unsigned depth = 256;  ///< components of a path
};

struct PullOptions {
  PullPolicy policy = PullPolicy::Always;
  Platform platform{};
  std::filesystem::path auth_file{};  ///< docker's config.json; credential helpers in it are asked. Empty: the user's
  /// false: plain HTTP and unknown certificates are accepted. true: nowhere but where registries.conf says `insecure`.
  bool tls_verify = true;
  std::filesystem::path certificates{};     ///< directory with *.crt, and *.cert and *.key, for this registry
  std::filesystem::path registries_conf{};  ///< mirrors, containers-registries.conf(5); empty: the machine's
  ImageLimits limits{};
  Watch watch{};
};

struct LoadOptions {
  /// Name for an image that has none; empty: it is found by its id. A layout often knows its images by a tag only, as
  /// "latest": that is not a name, and becomes the tag of this one if it has none.
  std::string name{};
  Platform platform{};  ///< which one of an index of several
  ImageLimits limits{};
  Watch watch{};
};

struct ImportOptions {
  ImageConfig config{};
  Platform platform{};
  ImageLimits limits{};
  Watch watch{};
};

struct ImagePruneResult {
  std::vector<std::string> removed;  ///< ids
  std::uint64_t bytes = 0;           ///< of disk that blobs had; what was unpacked of them is not counted
};

/// Cheap to copy; copies share one descriptor. Thread safety: all members may be called from any thread.
class DUNNAGE_API ImageStore {
 public:
  /// Throws: as VolumeStore::open().
  [[nodiscard]] static ImageStore open(const std::filesystem::path& root = default_store());
  [[nodiscard]] const std::filesystem::path& root() const noexcept;

  /// Fetches an image from its registry, with skopeo(1), which has to be installed. Blobs that are here are not
  /// fetched again. The registry's own words are in the error.
  /// Throws: ImageError(pull_failed, digest_mismatch, image_missing, cancelled, timed_out, not_supported).
  Image pull(std::string_view name, const PullOptions& options = {});
  /// An OCI image layout (a directory or a tar) or an archive of `docker save`, compressed or not.
  /// Throws: ImageError(image_invalid, digest_mismatch, limit_exceeded).
  std::vector<Image> load(const std::filesystem::path& path, const LoadOptions& options = {});
  /// The same from an open file, pipe or socket; read to its end, not closed.
  std::vector<Image> load(int fd, const LoadOptions& options = {});
  /// An image of one layer from a root file system: a tar, packed by gzip, zstd, bzip2, xz, lz4 or not at all, or a
  /// directory. Of a directory comes what `tar -c` would write: owners by number, devices and FIFOs too, times in
  /// seconds; sockets and what is mounted in it are left out. An empty name is none.
  /// Throws: as load().
  Image import(const std::filesystem::path& path, std::string_view name, const ImportOptions& options = {});

  /// Throws: ImageError(image_missing) with the nearest name as remedy.
  [[nodiscard]] Image get(std::string_view name) const;
  [[nodiscard]] std::optional<Image> find(std::string_view name) const;
  /// Newest first.
  [[nodiscard]] std::vector<Image> list() const;
  /// Names, or digests of manifests, of images that list() leaves out because their blobs are damaged or gone.
  [[nodiscard]] std::vector<std::string> damaged() const;
  /// Gives a further name, taking it from the image that has it.
  void tag(std::string_view name, std::string_view new_name);
  /// Unpacks the layers that are not unpacked yet; else the first launch does it.
  void unpack(std::string_view name, const ImageLimits& limits = {}, const Watch& watch = {});
  /// Takes a name away, and the image with its last one. With an id or a digest the image goes with all names.
  /// Throws: ImageError(image_missing), ImageError(image_in_use) naming the containers, running or not.
  void remove(std::string_view name);
  /// Removes images that no container uses, if they have no tag or with `all`, and blobs and layers nobody needs.
  ImagePruneResult prune(bool all = false);

  /// Images that lack something, with `contents` also those of which something has changed; see store_check.hpp.
  /// Throws: as check_store().
  [[nodiscard]] StoreReport check(const StoreCheck& options = {}) const;
  /// Sets aside what is not what its digest says, so that the next pull() or load() brings it anew.
  /// Throws: as repair_store().
  StoreReport repair(const StoreRepair& options = {});

 private:
  friend class ImageStoreAccess;
  struct State;
  explicit ImageStore(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace dunnage
