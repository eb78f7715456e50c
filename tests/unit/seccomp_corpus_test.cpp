// SPDX-License-Identifier: Apache-2.0
// Profiles the fuzzer found worth keeping.

#include "fuzz/seccomp_input.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

TEST_CASE("every profile of the fuzzer's corpus becomes a program the kernel would take, or is refused",
          "[seccomp][robustness]") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator{DUNNAGE_TEST_SOURCE_DIR "/tests/fuzz/profiles"}) {
    std::ifstream file{entry.path(), std::ios::binary};
    std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    for (char choice = 0; choice < 8; ++choice) {
      bytes.at(0) = choice;
      dunnage::test::read_seccomp_input(bytes);
    }
    ++count;
  }
  CHECK(count > 50);
}
