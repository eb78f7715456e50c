// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of texts of images does with some bytes, and what the tests do with its corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte says whether the rest is a manifest, an index or a configuration. What is accepted must come back
/// from what is written of it; ends the process if anything else happens.
void read_document_input(std::string_view bytes);

}  // namespace dunnage::test
