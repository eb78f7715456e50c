// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of volumes' metadata and index, and containers' records does with some bytes, and what the tests do
/// with its corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte says what the rest is: a volume's metadata, an index or a log of volumes, a container's config.json
/// or state.json. Checksums are put right first. What is accepted must come back from what is written of it; ends the
/// process if anything else happens.
void read_record_input(std::string_view bytes);

}  // namespace dunnage::test
