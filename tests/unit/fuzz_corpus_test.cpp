// SPDX-License-Identifier: Apache-2.0
// What was worth keeping of what the fuzzers tried.

#include "fuzz/document_input.hpp"
#include "fuzz/message_input.hpp"
#include "fuzz/record_input.hpp"
#include "fuzz/table_input.hpp"
#include "fuzz/work_input.hpp"
#include "support/catch.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace dunnage::test {
namespace {

/// Gives every file of a corpus to `read`. \return how many there were
int play(const char* corpus, void (*read)(std::string_view)) {
  int count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator{std::filesystem::path{DUNNAGE_TEST_SOURCE_DIR} / "tests/fuzz" / corpus}) {
    INFO(entry.path().string());
    std::ifstream file{entry.path(), std::ios::binary};
    read(std::string{std::istreambuf_iterator<char>{file}, {}});
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("T-10: accounts and tables of mounts of the fuzzer's corpus have an answer or an error", "[robustness]") {
  CHECK(play("tables", read_table_input) > 10);
}

TEST_CASE("T-10: texts of images of the fuzzer's corpus are read or refused", "[robustness]") {
  CHECK(play("documents", read_document_input) > 10);
}

TEST_CASE("T-10: records of volumes and containers of the fuzzer's corpus are read, or damaged", "[robustness]") {
  CHECK(play("records", read_record_input) > 10);
}

TEST_CASE("T-10: neither library nor launcher goes outside of a message of the fuzzer's corpus", "[robustness]") {
  CHECK(play("messages", read_message_input) > 10);
}

TEST_CASE("T-10: what a launcher reports of work on trees of the fuzzer's corpus is read or refused", "[robustness]") {
  CHECK(play("works", read_work_input) > 10);
}

}  // namespace dunnage::test
