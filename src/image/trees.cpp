// SPDX-License-Identifier: Apache-2.0
#include "image/trees.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/tree_claim.hpp"
#include "image/tree_store.hpp"
#include "image/unpack_layers.hpp"
#include "image/watching.hpp"
#include "kernel/call_error.hpp"
#include "volume/stage.hpp"

#include <cerrno>
#include <optional>
#include <span>
#include <utility>

namespace dunnage::image {
namespace {

constexpr const char* kUnpackImage = "unpack image";

std::string name_of(const ImageInfo& image) { return image.names.empty() ? image.id : image.names.front(); }

std::optional<Trees> find_top(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity) {
  if (image.layers.empty()) {
    throw Fault{errc::not_supported, "it has no layers", "make the image of at least one layer, which may be empty"};
  }
  const auto store = TreeStore::open(layout, identity);
  return store ? store->find(hex_of(image.layers.back().chain_id)) : std::nullopt;
}

/// The uppermost layer that is there with all it needs, and how many are above it.
std::pair<Trees, std::size_t> find_base(const TreeStore& store, const ImageInfo& image) {
  for (std::size_t count = image.layers.size(); count > 0; --count) {
    if (auto trees = store.find(hex_of(image.layers[count - 1].chain_id))) {
      return {std::move(*trees), count};
    }
  }
  return {};
}

void unpack_missing(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity,
                    const ImageLimits& limits, Watching& watching) {
  const TreeStore store = TreeStore::make(layout, identity);
  const auto staging = layout.open_staging();
  volume::sweep_staging(staging.get(), layout.open_trash().get());
  const std::string name = name_of(image);
  const std::size_t missing = find_base(store, image).second;
  if (missing == image.layers.size()) {
    return;
  }
  TreeClaim claim{staging.get(), ids_name(identity) + "-" + hex_of(image.layers[missing].chain_id), watching, name};
  const auto [base, there] = find_base(store, image);
  if (there < image.layers.size()) {
    const UnpackRequest request{layout, store, identity, limits, name};
    unpack_layers(request, base, std::span{image.layers}.subspan(there), claim, watching);
  }
}

}  // namespace

Trees open_trees(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity,
                 const ImageLimits& limits, const Watch& watch) {
  return explained(kUnpackImage, name_of(image), [&] {
    if (auto trees = find_top(layout, image, identity)) {
      return std::move(*trees);
    }
    Watching watching{watch, "unpack"};
    watching.check();
    constexpr int kAttempts = 16;  // somebody may remove it before it is locked
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
      unpack_missing(layout, image, identity, limits, watching);
      if (auto trees = find_top(layout, image, identity)) {
        return std::move(*trees);
      }
    }
    throw kernel::CallError{"lock", EBUSY};
  });
}

std::size_t count_unpacked(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity) {
  return explained("inspect image", name_of(image), [&] {
    const auto store = TreeStore::open(layout, identity);
    return store ? find_base(*store, image).second : std::size_t{0};
  });
}

UnpackLosses losses_of(const Layout& layout, const ImageInfo& image, const launcher::Identity& identity) {
  return explained("inspect image", name_of(image), [&] {
    UnpackLosses losses;
    if (const auto store = TreeStore::open(layout, identity)) {
      for (const ImageLayer& layer : image.layers) {
        (void)store->add_losses(hex_of(layer.chain_id), losses);
      }
    }
    return losses;
  });
}

}  // namespace dunnage::image
