// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An image, or a part of it, as a directory or file of a container: tools, fonts or models that come as an image,
/// beside the image the container itself is made of.
///
///     mounts.add(dunnage::ImageMount{"busybox", "/opt/busybox"});
///     mounts.add(dunnage::ImageMount{"busybox", "/opt/tools", {.subpath = "bin"}});
///
/// The image has to be in the store (nothing is fetched), and cannot be removed while a container that mounts it runs
/// or has its record there. Its layers are unpacked when the mount is prepared, once, and are shared by all containers.

#include <dunnage/export.hpp>
#include <dunnage/overlay.hpp>

#include <filesystem>
#include <optional>
#include <string>

namespace dunnage {

/// How an image is mounted: read-only, unless changes have a place of their own.
struct ImageMountOptions {
  /// A directory or file in the image instead of all of it, relative to its root; links in it mean places in the image.
  /// It has to be there. Kernel: Linux 6.15.
  std::string subpath{};
  bool suid = false;  ///< honour set-user-ID bits and file capabilities found there
  bool dev = false;   ///< honour device nodes found there
  bool exec = true;   ///< allow programs found there to be executed
  /// Changes are kept in memory and go with the container (Podman's `rw=true`); upper and work stay empty here.
  std::optional<OverlayOptions> overlay{};

  friend bool operator==(const ImageMountOptions&, const ImageMountOptions&) = default;
};

/// A value; describing a mount touches nothing.
struct ImageMount {
  std::string image;   ///< as ImageStore::get() takes it: a name, or an id
  std::string target;  ///< absolute path in the container; created if it is missing
  ImageMountOptions options{};
  std::filesystem::path store{};  ///< root of the store it lives in; empty: the one given to resolve()

  friend bool operator==(const ImageMount&, const ImageMount&) = default;
};

/// `type=image,source=busybox,target=/opt/tools,image-subpath=bin`
[[nodiscard]] DUNNAGE_API std::string to_string(const ImageMount& mount);

}  // namespace dunnage
