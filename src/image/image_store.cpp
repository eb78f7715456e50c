// SPDX-License-Identifier: Apache-2.0
#include <dunnage/image_store.hpp>

#include <dunnage/error.hpp>

#include "image/failure.hpp"
#include "image/find.hpp"
#include "image/image_store_access.hpp"
#include "image/import.hpp"
#include "image/index.hpp"
#include "image/load.hpp"
#include "image/pull.hpp"
#include "image/reference.hpp"
#include "image/trees.hpp"
#include "launcher/identity.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"

#include <algorithm>
#include <utility>

namespace dunnage {
namespace {

using image::explained;
using image::Fault;
using image::Index;

}  // namespace

std::string_view to_string(PullPolicy policy) noexcept {
  switch (policy) {
    case PullPolicy::Missing:
      return "missing";
    case PullPolicy::Always:
      return "always";
    case PullPolicy::Never:
      return "never";
  }
  return "unknown";
}

ImageStore::ImageStore(std::shared_ptr<State> state) : state_{std::move(state)} {}

ImageStore ImageStore::open(const std::filesystem::path& root) {
  auto state = std::make_shared<State>(State{image::open_layout(root)});
  explained("open store", state->layout.store.path.string(), [&] {
    volume::sweep_staging(state->layout.open_staging().get(), state->layout.open_trash().get());
    volume::sweep_trash(state->layout.store.root.get());
  });
  return ImageStore{std::move(state)};
}

const std::filesystem::path& ImageStore::root() const noexcept { return state_->layout.store.path; }

Image ImageStore::pull(std::string_view name, const PullOptions& options) {
  return Image{image::pull(state_->layout, name, options)};
}

std::vector<Image> ImageStore::load(const std::filesystem::path& path, const LoadOptions& options) {
  std::vector<Image> images;
  for (ImageInfo& info : image::load(state_->layout, path, options)) {
    images.push_back(Image{std::move(info)});
  }
  return images;
}

std::vector<Image> ImageStore::load(int fd, const LoadOptions& options) {
  std::vector<Image> images;
  for (ImageInfo& info : image::load(state_->layout, fd, options)) {
    images.push_back(Image{std::move(info)});
  }
  return images;
}

Image ImageStore::import(const std::filesystem::path& path, std::string_view name, const ImportOptions& options) {
  return Image{image::import_rootfs(state_->layout, path, name, options)};
}

Image ImageStore::get(std::string_view name) const { return Image{image::get_image(state_->layout, name)}; }

std::optional<Image> ImageStore::find(std::string_view name) const {
  auto info = image::find_image(state_->layout, name);
  return info ? std::optional{Image{std::move(*info)}} : std::nullopt;
}

std::vector<Image> ImageStore::list() const {
  return explained("list images of", root().string(), [&] {
    const Index index = image::read_index(state_->layout);
    std::vector<Image> images;
    for (const image::Descriptor& manifest : index.images()) {
      try {
        if (auto info = image::describe_if_there(state_->layout, index, manifest)) {
          images.push_back(Image{std::move(*info)});
        }
      } catch (const Fault&) {  // damaged() tells of it
      }
    }
    std::stable_sort(images.begin(), images.end(),
                     [](const Image& a, const Image& b) { return a.info().created_at > b.info().created_at; });
    return images;
  });
}

std::vector<std::string> ImageStore::damaged() const {
  return explained("list images of", root().string(), [&] {
    const Index index = image::read_index(state_->layout);
    std::vector<std::string> damaged;
    for (const image::Descriptor& manifest : index.images()) {
      try {
        (void)image::describe_if_there(state_->layout, index, manifest);
      } catch (const Fault&) {
        const auto names = index.names_of(manifest.digest);
        damaged.push_back(names.empty() ? manifest.digest : names.front());
      }
    }
    return damaged;
  });
}

void ImageStore::tag(std::string_view name, std::string_view new_name_text) {
  const image::Layout& layout = state_->layout;
  const std::string full =
      explained("tag image", std::string{new_name_text}, [&] { return image::new_name(new_name_text); });
  explained("tag image", std::string{name}, [&] {
    image::IndexChange change{layout};
    const auto found = image::resolve(layout, change.index(), name);
    if (!found) {
      throw image::missing_failure("tag image", std::string{name}, image::known_names(change.index()));
    }
    change.index().add(*found, full);
    change.commit();
  });
}

void ImageStore::unpack(std::string_view name, const ImageLimits& limits, const Watch& watch) {
  const image::Layout& layout = state_->layout;
  (void)image::open_trees(layout, image::get_image(layout, name), launcher::identity_for(0, 0), limits, watch);
}

}  // namespace dunnage
