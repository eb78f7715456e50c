// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/work_fuzzer -max_len=8192 -timeout=5 tests/fuzz/works
#include "fuzz/work_input.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  dunnage::test::read_work_input({reinterpret_cast<const char*>(data), size});
  return 0;
}
