// SPDX-License-Identifier: Apache-2.0
#include "image/layers.hpp"

#include "image/digest.hpp"
#include "image/tree_store.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <system_error>
#include <utility>

namespace dunnage::test {

ImageLayer Layers::layer(std::string_view blob, std::string_view tar) const {
  ImageLayer layer{
      .digest = image::digest_of(blob), .diff_id = image::digest_of(tar), .chain_id = {}, .media_type = {}};
  layer.size = blob.size();
  std::ofstream{path("blobs/sha256/" + layer.digest.substr(7)), std::ios::binary} << blob;
  return layer;
}

ImageInfo Layers::image(std::vector<ImageLayer> layers) const {
  for (std::size_t index = 0; index < layers.size(); ++index) {
    layers[index].chain_id =
        index == 0 ? layers[0].diff_id : image::digest_of(layers[index - 1].chain_id + " " + layers[index].diff_id);
  }
  ImageInfo info;
  info.id = "sha256:" + std::string(64, 'a');
  info.names = {"docker.io/library/test:latest"};
  info.layers = std::move(layers);
  return info;
}

std::string Layers::content(std::string_view relative) const {
  std::ifstream stream{path(relative), std::ios::binary};
  return {std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}};
}

std::size_t Layers::count() const {
  std::error_code code;
  const std::filesystem::directory_iterator trees{path("trees/" + image::ids_name(identity_)), code};
  return code ? 0 : static_cast<std::size_t>(std::distance(begin(trees), end(trees)));
}

bool Layers::is_tidy() const {
  return std::filesystem::is_empty(path("staging")) && std::filesystem::is_empty(directory_.path() / "store/trash");
}

}  // namespace dunnage::test
