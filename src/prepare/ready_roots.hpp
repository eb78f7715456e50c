// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Root file systems of images, made while a container of the same image runs: an empty directory for what is written,
/// and the overlay on it. The next launch finds them and is spared two thirds of what an image costs it. Only a process
/// that launches an image a second time has any, and six at most. A thread makes them, and ends: the launcher cannot,
/// because an overlay's layers have to be in the mount namespace of who makes it.

#include <dunnage/image.hpp>

#include "image/changes.hpp"
#include "image/trees.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"

#include <sys/types.h>

#include <compare>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::prepare {

/// Of what they are.
struct ReadyKind {
  launcher::Identity identity;
  std::filesystem::path store;  ///< absolute
  std::string image_id;
  friend auto operator<=>(const ReadyKind&, const ReadyKind&) = default;
};

/// One of them.
struct ReadyRoot {
  std::string name;  ///< in <store>/images/ahead
  image::Changes changes;
  kernel::FileDescriptor mount;
  std::vector<std::pair<dev_t, ino_t>> layers;  ///< what it was made of, whoever has their names by now
};

/// What making one needs besides.
struct ReadyOrder {
  std::shared_ptr<const ImageInfo> image;
  std::vector<std::string> paths;  ///< what a container will look up in it
};

/// One that is made of exactly these trees, if there is one. Notes that the image was used.
[[nodiscard]] std::optional<ReadyRoot> take_ready_root(const ReadyKind& kind, const image::Trees& trees);

/// Starts making some, if there are few and the image was used more than once. What goes wrong is left to the next
/// launch.
void make_ready_roots(const ReadyKind& kind, const ReadyOrder& order) noexcept;

}  // namespace dunnage::prepare
