// SPDX-License-Identifier: Apache-2.0
#include "plan/image_source.hpp"

#include "image/known.hpp"
#include "image/layout.hpp"
#include "image/trees.hpp"
#include "launcher/identity.hpp"
#include "model/mount_name.hpp"
#include "model/target.hpp"
#include "plan/check_options.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>

namespace dunnage::plan {
namespace {

[[noreturn]] void refuse(const ImageMount& wish, std::string cause, std::error_code code, std::string remedy) {
  throw model::mount_error(Stage::Resolve, "resolve", wish, std::move(cause), code, std::move(remedy));
}

std::shared_ptr<const ImageInfo> get_image(const std::optional<image::Layout>& layout, const ImageMount& wish,
                                           const ResolvedMount& mount) {
  if (!layout) {
    refuse(wish, fmt::format("there are no images in \"{}\"", mount.store.string()), errc::image_missing,
           "pull or load it first");
  }
  try {
    return image::get_known_image(*layout, wish.image);
  } catch (const ImageError& error) {
    if (error.code() == errc::image_missing || error.code() == errc::invalid_argument ||
        error.code() == errc::not_supported) {
      refuse(wish, fmt::format("looked in \"{}\"", mount.store.string()), error.code(), error.remedy());
    }
    throw;
  }
}

std::string layers_in_words(std::size_t count) { return count == 1 ? "1 layer" : fmt::format("{} layers", count); }

std::string reason_of(std::size_t layers, std::size_t unpacked) {
  const std::string all = fmt::format("the image has {}", layers_in_words(layers));
  if (unpacked == layers) {
    return all + (layers == 1 ? ", which is unpacked already" : ", which are unpacked already");
  }
  return unpacked == 0 ? all + "; preparing unpacks " + (layers == 1 ? "it" : "them")
                       : fmt::format("{}; preparing unpacks the {} that are not unpacked yet", all, layers - unpacked);
}

void find_image(const ImageMount& wish, ResolvedMount& mount) {
  const auto layout = image::open_existing_layout(mount.store);
  const auto image = get_image(layout, wish, mount);
  mount.image = wish.image;
  mount.image_id = image->id;
  const std::size_t unpacked = image::count_unpacked(*layout, *image, launcher::identity_for(0, 0));
  mount.reasons.push_back(reason_of(image->layers.size(), unpacked));
}

void take_options(const ImageMountOptions& options, ResolvedMount& mount) {
  mount.suid = options.suid;
  mount.dev = options.dev;
  mount.exec = options.exec;
  mount.overlay = options.overlay;
  mount.read_only = !options.overlay;
  mount.recursive_read_only = mount.read_only;
  if (!options.subpath.empty()) {
    mount.subpath = model::clean_path(options.subpath).substr(1);
  }
  if (!mount.subpath.empty()) {
    mount.reasons.push_back(fmt::format("\"{}\" is looked for in the image when it is prepared", mount.subpath));
  }
  if (mount.overlay) {
    mount.reasons.emplace_back("the image is the lower layer of an overlay and is not changed");
  }
}

}  // namespace

ResolvedMount resolve_image(const ImageMount& wish, std::filesystem::path store) {
  check_options(wish);
  ResolvedMount mount;
  mount.kind = MountKind::Image;
  mount.target = wish.target;
  mount.store = std::move(store);
  find_image(wish, mount);
  take_options(wish.options, mount);
  return mount;
}

}  // namespace dunnage::plan
