// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzers do with some bytes, and what the unit tests do with the corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte chooses the language and the rest is the text. A wrong text must end in a SpecError whose place lies
/// in it. Ends the process if anything else happens.
void read_spec_input(std::string_view bytes);

}  // namespace dunnage::test
