// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/table_fuzzer -max_len=8192 -timeout=5 tests/fuzz/tables
#include "fuzz/table_input.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dunnage::test::read_table_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
