// SPDX-License-Identifier: Apache-2.0
#include "prepare/image_root.hpp"

#include <dunnage/error.hpp>

#include "image/changes.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::prepare {
namespace {

using launcher::Failure;
using launcher::Step;

/// "layer 3 of 10 (sha256:…)"; counted from the bottom, as `docker history` and manifests list them.
std::string layer_of(const ImageInfo& info, const Failure& failure) {
  const std::size_t count = info.layers.size();
  const auto from_top = static_cast<std::size_t>(failure.mount);
  if (failure.mount < 0 || from_top >= count) {
    return {};
  }
  const std::size_t index = count - 1 - from_top;
  return fmt::format(" layer {} of {} ({})", index + 1, count, info.layers[index].diff_id);
}

std::string cause_of(const ImageInfo& info, const Failure& failure) {
  switch (failure.step) {
    case Step::OpenSource:
    case Step::SourceChanged:
      return "open the images of the store";
    case Step::OpenLayer:
      return "open" + layer_of(info, failure);
    case Step::AddLayer:
      return failure.error == E2BIG ? fmt::format("it has {} layers", info.layers.size())
                                    : "overlay" + layer_of(info, failure);
    case Step::OpenUpper:
    case Step::CreateUpper:
      return "open the directory for what is written to it";
    case Step::ConfigureFileSystem:
      return "configure an overlay";
    case Step::None:
      return "the launcher's broker did not answer";
    default:
      return "mount an overlay";
  }
}

std::string remedy_of(const Failure& failure, const RootUpper& upper) {
  switch (failure.step) {
    case Step::OpenLayer:
      return "do not change what is below the store; unpack it again with ImageStore::unpack()";
    case Step::AddLayer:
      return failure.error == E2BIG ? fmt::format("the kernel takes {}; flatten the image", launcher::kMostLayers)
             : failure.error == EOPNOTSUPP ? "an overlay of descriptors needs Linux 6.5; use Rootfs::directory()"
                                           : "choose a store on a file system that can be a layer of an overlay";
    case Step::OpenUpper:
      if (failure.error == ENOENT) {
        return "it went with its container; launch with remove_on_exit = false to keep it";
      }
      break;
    case Step::None:
      return "try again";
    default:
      break;
  }
  return upper.kind == launcher::UpperKind::Memory ? "changes in memory need Linux 6.13; keep them on disk"
         : upper.written >= 0
             ? "changes with a limit need Linux 6.13, or a store on btrfs; launch it without a limit of root_changes"
             : "choose a store on a file system an overlay can be written on, or keep changes in memory (root_changes)";
}

ImageError failed(const ImageInfo& info, const Failure& failure, const RootUpper& upper) {
  return ImageError{{.stage = Stage::Prepare,
                     .operation = "use the image",
                     .subject = info.names.empty() ? info.id : info.names.front(),
                     .detail = {},
                     .cause = cause_of(info, failure),
                     .code = failure.error == EOPNOTSUPP ? make_error_code(errc::not_supported)
                             : failure.error == E2BIG    ? make_error_code(errc::limit_exceeded)
                                                         : std::error_code{failure.error, std::system_category()},
                     .remedy = remedy_of(failure, upper)}};
}

}  // namespace

LayersPath layers_path(const image::Layout& layout, const image::Trees& trees) {
  LayersPath path{.directory = layout.path, .opened = layout.images.get(), .layers = trees.names};
  for (const kernel::FileDescriptor& tree : trees.trees) {
    path.trees.push_back(tree.get());
  }
  return path;
}

ImageRoot::ImageRoot(const image::Layout& layout, std::shared_ptr<const ImageInfo> info,
                     const launcher::Identity& identity, const Watch& watch)
    : layout_{layout}, info_{std::move(info)}, trees_{image::open_trees(layout, *info_, identity, {}, watch)} {}

kernel::FileDescriptor ImageRoot::mount(MountSource& source, const RootUpper& upper) const {
  launcher::DetachRequest request;
  request.attributes = MOUNT_ATTR_NODEV;  // an image's device nodes are not ours to open
  request.propagation = launcher::kPrivate;
  request.upper = upper.kind;
  request.size = upper.size;
  request.is_volatile = upper.is_volatile ? 1 : 0;
  const launcher::DetachResult result = source.layers(request, path_of(upper));
  if (result.failure.error != 0) {
    throw failed(*info_, result.failure, upper);
  }
  return kernel::FileDescriptor{result.fd};
}

LayersPath ImageRoot::path_of(const RootUpper& upper) const {
  LayersPath path = layers_path(layout_, trees_);
  if (upper.written >= 0) {
    path.upper = "upper";
    path.work = "work";
    path.written = upper.written;
  } else if (!upper.place.empty()) {
    path.upper = upper.place + "/upper";
    path.work = upper.place + "/work";
  }
  return path;
}

std::vector<int> ImageRoot::locks() const {
  std::vector<int> locks;
  for (const kernel::FileDescriptor& lock : trees_.locks) {
    locks.push_back(lock.get());
  }
  return locks;
}

}  // namespace dunnage::prepare
