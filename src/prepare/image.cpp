// SPDX-License-Identifier: Apache-2.0
#include "prepare/image.hpp"

#include "image/known.hpp"
#include "image/layout.hpp"
#include "image/mount_users.hpp"
#include "image/trees.hpp"
#include "kernel/call_error.hpp"
#include "prepare/failure.hpp"
#include "prepare/image_root.hpp"
#include "prepare/request.hpp"

#include <dunnage/error.hpp>

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <memory>
#include <utility>

namespace dunnage::prepare {
namespace {

[[noreturn]] void refuse_missing(const ResolvedMount& mount) {
  MountWords words = words_of(mount);
  throw MountError{{.stage = Stage::Prepare,
                    .operation = "prepare " + words.kind,
                    .subject = std::move(words.subject),
                    .detail = std::move(words.detail),
                    .cause = "it is not in \"" + mount.store.string() + "\" any more",
                    .code = errc::image_missing,
                    .remedy = "pull or load it again, and resolve the mounts again"},
                   source_of(mount),
                   mount.target};
}

using ImagePointer = std::shared_ptr<const ImageInfo>;

/// The one the plan was made for, whatever its name leads to by now. \param lock its user's from here on
ImagePointer take_image(const image::Layout& layout, const ResolvedMount& mount, const ImageUser& user,
                        kernel::FileDescriptor& lock) {
  try {
    lock = image::add_mount_user(
        layout, {.container_id = user.container_id, .container_name = user.container_name, .image_id = mount.image_id});
    ImagePointer image = image::find_known_image(layout, mount.image_id);
    // who is removing images at this moment may have looked for users before
    return image != nullptr && image::is_still_there(layout, *image) ? image : nullptr;
  } catch (const kernel::CallError& error) {
    throw prepare_error(mount, error.call(), error.code().value(), "check the store it lives in");
  }
}

kernel::FileDescriptor take(const ResolvedMount& mount, const launcher::DetachResult& result) {
  if (result.failure.error != 0) {
    throw prepare_error(mount, result.failure);
  }
  return kernel::FileDescriptor{result.fd};
}

launcher::DetachRequest layers_request(const ResolvedMount& mount) {
  launcher::DetachRequest request = request_for(mount);
  if (mount.overlay) {
    request.upper = launcher::UpperKind::Memory;
    request.size = mount.overlay->size;
  }
  return request;
}

FileKind kind_of(const ResolvedMount& mount, int opened) {
  struct stat status {};
  if (::fstat(opened, &status) != 0) {
    throw prepare_error(mount, "look at the path in the image", errno, "prepare again");
  }
  return S_ISDIR(status.st_mode) ? FileKind::Directory : FileKind::File;
}

}  // namespace

OpenedImage open_image(MountSource& source, ResolvedMount& mount, const launcher::Identity& identity,
                       const ImageUser& user, const Watch& watch) {
  const auto layout = image::open_existing_layout(mount.store);
  OpenedImage opened;
  kernel::FileDescriptor lock;
  const ImagePointer image = layout ? take_image(*layout, mount, user, lock) : nullptr;
  if (image == nullptr) {
    refuse_missing(mount);
  }
  opened.locks.push_back(std::move(lock));
  image::Trees trees = image::open_trees(*layout, *image, identity, {}, watch);
  opened.mount = take(mount, source.layers(layers_request(mount), layers_path(*layout, trees)));
  if (!mount.subpath.empty()) {
    opened.mount = take(mount, source.part(opened.mount.get(), mount.subpath));
    mount.file_kind = kind_of(mount, opened.mount.get());
  }
  std::move(trees.locks.begin(), trees.locks.end(), std::back_inserter(opened.locks));
  return opened;
}

std::vector<kernel::FileDescriptor> hold_image(const ResolvedMount& mount, const launcher::Identity& identity,
                                               const ImageUser& user) {
  const auto layout = image::open_existing_layout(mount.store);
  std::vector<kernel::FileDescriptor> locks(1);
  const ImagePointer image = layout ? take_image(*layout, mount, user, locks.front()) : nullptr;
  if (image == nullptr) {
    refuse_missing(mount);
  }
  image::Trees trees = image::open_trees(*layout, *image, identity, {}, {});
  std::move(trees.locks.begin(), trees.locks.end(), std::back_inserter(locks));
  return locks;
}

}  // namespace dunnage::prepare
