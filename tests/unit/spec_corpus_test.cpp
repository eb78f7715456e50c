// SPDX-License-Identifier: Apache-2.0
#include "fuzz/spec_input.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace {

TEST_CASE("what the fuzzers found interesting is read or refused", "[spec][robustness]") {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator{std::string{DUNNAGE_TEST_SOURCE_DIR} + "/tests/fuzz/corpus"}) {
    std::ifstream file{entry.path(), std::ios::binary};
    const std::string bytes{std::istreambuf_iterator<char>{file}, {}};
    for (unsigned char language = 0; language < 20; ++language) {
      std::string other = bytes;
      other.at(0) = static_cast<char>(language);  // every text in every language
      dunnage::test::read_spec_input(other);
    }
    ++count;
  }
  CHECK(count > 50);
}

TEST_CASE("a huge text is refused in every language", "[spec][robustness]") {
  for (const std::string filler : {"a", ",", ":", "\"", "=", "[", "{", "- ", "${", "&a ", "x: ", "\n"}) {
    std::string bytes(1, '\0');
    while (bytes.size() < 60'000) {
      bytes += filler;
    }
    for (unsigned char language = 0; language < 20; ++language) {
      bytes.front() = static_cast<char>(language);
      dunnage::test::read_spec_input(bytes);
      dunnage::test::read_spec_input(bytes + bytes);
    }
  }
  SUCCEED();
}

}  // namespace
