// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/layer_fuzzer -max_len=16384 tests/fuzz/layers
// TMPDIR should be in memory.
#include "fuzz/layer_input.hpp"
#include "support/temporary_directory.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dunnage::test::TemporaryDirectory directory;
  dunnage::test::unpack_layer_input(directory.path().c_str(), {reinterpret_cast<const char*>(data), size});
  return 0;
}
