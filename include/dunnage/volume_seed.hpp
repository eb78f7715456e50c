// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is in a new volume from the beginning.
///
///     store.create("conf", {.seed = dunnage::SeedFiles{{{"app.toml", "port = 80\n"}, {"tls/ca.pem", pem}}}});
///     store.create("db-test-1", {.seed = dunnage::SeedSnapshot{"db", "seeded"}});
///     store.create("site", {.seed = dunnage::SeedDirectory{"/srv/site"}});
///     store.create("shop", {.seed = dunnage::SeedArchive{"/backup/shop.tar.zst"}});
///
/// It is put together out of sight and appears with the volume, in one step: nobody ever sees a part of it, whatever
/// ends this process. It is given once: get_or_create() of a volume that is there changes nothing in it.

#include <filesystem>
#include <map>
#include <string>
#include <variant>

namespace dunnage {

/// The content of a directory of the host. No link in it is followed; what is mounted in it is left out.
struct SeedDirectory {
  std::filesystem::path path;
  bool keep_owner = false;  ///< as on the host, set-user-ID bits and capabilities too; else the containers' root

  friend bool operator==(const SeedDirectory&, const SeedDirectory&) = default;
};

/// Files by their paths in the volume, "conf/app.toml", with what is in them. Directories are made; modes are 0644 and
/// 0755, the owner is the containers' root.
struct SeedFiles {
  std::map<std::string, std::string> files;

  friend bool operator==(const SeedFiles&, const SeedFiles&) = default;
};

/// A snapshot of a volume of the same store.
struct SeedSnapshot {
  std::string volume;
  std::string snapshot;

  friend bool operator==(const SeedSnapshot&, const SeedSnapshot&) = default;
};

/// A tar archive, as it is or packed by gzip or zstd, read as VolumeStore::import_from() reads it and with its limits:
/// nothing in it leads out of the volume, whoever made it. import_from() can do more: increments, pipes, other limits.
/// What create() throws then: VolumeError(image_invalid, digest_mismatch, limit_exceeded, not_supported), or with the
/// errno of what failed.
struct SeedArchive {
  std::filesystem::path path;
  std::string digest{};        ///< "sha256:…" of the archive as it is, or of the tar in it; empty: any
  bool accept_losses = false;  ///< devices, ids and attributes that cannot be had here are left out; else it is refused

  friend bool operator==(const SeedArchive&, const SeedArchive&) = default;
};

/// std::monostate: nothing, which an image may fill.
using VolumeSeed = std::variant<std::monostate, SeedDirectory, SeedFiles, SeedSnapshot, SeedArchive>;

}  // namespace dunnage
