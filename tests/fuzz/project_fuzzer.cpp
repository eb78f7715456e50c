// SPDX-License-Identifier: Apache-2.0
// build/tests/fuzz/project_fuzzer -max_len=8192 -timeout=10 -rss_limit_mb=1024 -dict=tests/fuzz/project.dict
//     tests/fuzz/projects
// TMPDIR should be in memory.
#include "fuzz/project_input.hpp"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const dunnage::test::ProjectGround ground;
  dunnage::test::load_project_input(ground, {reinterpret_cast<const char*>(data), size});
  return 0;
}
