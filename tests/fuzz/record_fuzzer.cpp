// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/record_fuzzer -max_len=8192 -timeout=5 tests/fuzz/records
#include "fuzz/record_input.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dunnage::test::read_record_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
