// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of a launcher's reports on trees of files does with some bytes, and what the tests do with its
/// corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte says what was asked for, the rest is what the worker says. Nothing may be read outside of a message;
/// ends the process if it is.
void read_work_input(std::string_view bytes);

}  // namespace dunnage::test
