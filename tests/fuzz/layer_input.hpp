// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of layers does with some bytes, and what the tests do with its corpus.

#include <string_view>

namespace dunnage::test {

/// Unpacks the bytes as a layer below `directory`, and deletes the tree again. It must end well or in an error that
/// says that the layer is malformed or too large, and must not change what lies beside the tree; ends the process if
/// anything else happens.
void unpack_layer_input(const char* directory, std::string_view bytes);

}  // namespace dunnage::test
