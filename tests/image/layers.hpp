// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Images made of layers that tests wrote by hand.

#include <dunnage/image.hpp>

#include "image/layout.hpp"
#include "image/trees.hpp"
#include "launcher/identity.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::test {

/// A store of the test's own, and images in it.
class Layers {
 public:
  /// Puts a blob into the store. \param tar  what it unpacks to, for its diff-id
  ImageLayer layer(std::string_view blob, std::string_view tar) const;
  ImageLayer layer(std::string_view tar) const { return layer(tar, tar); }
  /// An image of these, the lowest first, with chain ids.
  [[nodiscard]] ImageInfo image(std::vector<ImageLayer> layers) const;

  image::Trees open(const ImageInfo& image, const Watch& watch = {}, const ImageLimits& limits = {}) const {
    return image::open_trees(layout_, image, identity_, limits, watch);
  }
  [[nodiscard]] const image::Layout& layout() const noexcept { return layout_; }
  [[nodiscard]] const launcher::Identity& identity() const noexcept { return identity_; }
  [[nodiscard]] const TemporaryDirectory& directory() const noexcept { return directory_; }
  /// Below <store>/images.
  [[nodiscard]] std::filesystem::path path(std::string_view relative) const { return layout_.path / relative; }
  [[nodiscard]] std::string content(std::string_view relative) const;
  /// Trees that are published.
  [[nodiscard]] std::size_t count() const;
  /// Nothing of work that has ended is there.
  [[nodiscard]] bool is_tidy() const;

 private:
  TemporaryDirectory directory_;
  image::Layout layout_ = image::open_layout(directory_.path() / "store");
  launcher::Identity identity_ = launcher::identity_for(0, 0);
};

}  // namespace dunnage::test
