// SPDX-License-Identifier: Apache-2.0
// Layers the fuzzer found worth keeping.

#include "fuzz/layer_input.hpp"
#include "image/archive.hpp"
#include "support/catch.hpp"
#include "support/temporary_directory.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>

namespace dunnage::test {

TEST_CASE("every layer of the fuzzer's corpus is unpacked or refused", "[image][corpus]") {
  const TemporaryDirectory directory;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{DUNNAGE_TEST_SOURCE_DIR "/tests/fuzz/layers"}) {
    std::ifstream stream{entry.path(), std::ios::binary};
    unpack_layer_input(directory.path().c_str(),
                       std::string{std::istreambuf_iterator<char>{stream}, std::istreambuf_iterator<char>{}});
    ++count;
  }
  CHECK(count > 10);
}

TEST_CASE("a layer with any of its bytes changed is unpacked or refused", "[image][corpus][one-user]") {
  const TemporaryDirectory directory;
  Archive archive;
  archive.directory("d/").file("d/f", "content", {.fraction = "5", .attributes = {{"user.k", "v"}}});
  archive.symbolic_link("l", "/d").hard_link("h", "d/f").file("d/.wh.x").node("p", '6').file("l/g", "through a link");
  const std::string tar = archive.tar();
  std::mt19937 random{20261126};  // the same bytes each time
  for (int round = 0; round < 1500; ++round) {
    std::string changed = tar;
    for (int byte = 0; byte < 1 + round % 3; ++byte) {
      const std::size_t at = random() % (tar.size() - 1024);
      changed[at] = static_cast<char>(random());
      // With its sum put right, so that what is changed is looked at.
      const std::size_t begin = at / 512 * 512;
      unsigned sum = 8 * 32;
      for (std::size_t index = 0; index < 512; ++index) {
        sum += index < 148 || index >= 156 ? static_cast<unsigned char>(changed[begin + index]) : 0U;
      }
      if (tar.compare(begin + 257, 5, "ustar") == 0) {
        for (std::size_t digit = 6; digit-- > 0; sum /= 8)
          changed[begin + 148 + digit] = static_cast<char>('0' + sum % 8);
      }
    }
    unpack_layer_input(directory.path().c_str(), changed);
  }
  SUCCEED();
}

}  // namespace dunnage::test
