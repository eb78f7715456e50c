// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/stage.hpp"

#include "support/oci_image.hpp"

#include <dunnage/image_store.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>

namespace dunnage::bench {
namespace {

namespace fs = std::filesystem;

constexpr int kMostBinds = 1000;
constexpr int kLayers = 10;
constexpr const char* kPlaces[] = {"proc", "sys", "dev", "etc", "usr", "m"};

/// The content of the root, in ten layers.
void make_image(const fs::path& layout, const fs::path& store) {
  std::ifstream file{DUNNAGE_BENCH_TRUE, std::ios::binary};
  test::Layer first{{.path = "true", .content = {std::istreambuf_iterator<char>{file}, {}}, .mode = 0755}};
  for (const char* place : kPlaces) {
    first.push_back(test::directory(place));
  }
  std::vector<test::Layer> layers{std::move(first)};
  constexpr int kInLayer = (kMostBinds + kLayers - 2) / (kLayers - 1);
  for (int begin = 0; begin < kMostBinds; begin += kInLayer) {
    test::Layer layer;
    for (int number = begin; number < std::min(begin + kInLayer, kMostBinds); ++number) {
      layer.push_back(test::directory("m/" + std::to_string(number)));
    }
    layers.push_back(std::move(layer));
  }
  test::write_image(layout, layers);
  (void)ImageStore::open(store).load(layout, {.name = kImageName});
}

}  // namespace

Stage::Stage() {
  make_image(directory.path() / "layout", store);
  fs::copy_file(DUNNAGE_BENCH_TRUE, root / "true");
  fs::copy_file(DUNNAGE_BENCH_STAY, root / "stay");
  for (const char* place : kPlaces) {
    directory.make(std::string{"root/"} + place);
  }
  (void)directory.write("root/etc/os-release", "ID=bench\n");
  for (int index = 0; index < kMostBinds; ++index) {
    sources.push_back(directory.make("sources/" + std::to_string(index)));
    directory.make("root/m/" + std::to_string(index));
  }
}

std::vector<fs::path> Stage::some(std::size_t count) const {
  return {sources.begin(), sources.begin() + static_cast<std::ptrdiff_t>(count)};
}

}  // namespace dunnage::bench
