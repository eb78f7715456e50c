// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The root file system of an image, as a mount that is nowhere.

#include <dunnage/image.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/progress.hpp>

#include "image/layout.hpp"
#include "image/trees.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "launcher/protocol.hpp"
#include "prepare/detach_mount.hpp"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dunnage::prepare {

/// The layers alone. \param layout, trees  outlive it
[[nodiscard]] LayersPath layers_path(const image::Layout& layout, const image::Trees& trees);

/// Where what is written to it goes.
struct RootUpper {
  launcher::UpperKind kind = launcher::UpperKind::None;
  std::uint64_t size = 0;    ///< in memory
  std::string place{};       ///< on disk: changes_path() or ahead_path() of image/changes.hpp
  int written = -1;          ///< on disk, with a limit: Changes::written()
  bool is_volatile = false;  ///< it is thrown away at the end
};

/// An image whose layers are unpacked, and stay so as long as this or a copy of its locks is there. Move-only.
class ImageRoot {
 public:
  /// Unpacks what is missing. \param layout outlives this. Throws: ImageError.
  ImageRoot(const image::Layout& layout, std::shared_ptr<const ImageInfo> info, const launcher::Identity& identity,
            const Watch& watch);

  [[nodiscard]] const ImageInfo& info() const noexcept { return *info_; }
  [[nodiscard]] const image::Trees& trees() const noexcept { return trees_; }
  /// Throws: ImageError naming the layer; ImageError(not_supported) where the kernel cannot do it.
  [[nodiscard]] kernel::FileDescriptor mount(MountSource& source, const RootUpper& upper) const;
  /// To be held by who lives as long as the container does; owned here.
  [[nodiscard]] std::vector<int> locks() const;

 private:
  [[nodiscard]] LayersPath path_of(const RootUpper& upper) const;
  const image::Layout& layout_;
  std::shared_ptr<const ImageInfo> info_;
  image::Trees trees_;
};

}  // namespace dunnage::prepare
