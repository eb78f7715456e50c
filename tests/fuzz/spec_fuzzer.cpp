// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/spec_fuzzer -max_len=4096 tests/fuzz/corpus
#include "fuzz/spec_input.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dunnage::test::read_spec_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
