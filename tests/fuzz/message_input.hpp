// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of messages between library and launcher does with some bytes, and what the tests do with its
/// corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte says who reads the rest: the library, from a launcher that sends anything, or the launcher, from a
/// host that does. Nothing may be read or written outside of what was sent; ends the process if it is.
void read_message_input(std::string_view bytes);

}  // namespace dunnage::test
