// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of accounts and tables of mounts does with some bytes, and what the tests do with its corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte says which user is looked for, the rest is passwd(5), a NUL, and group(5); then all of it is taken as
/// mountinfo and as a table of cgroups. Every answer must be one, or an error with a sentence; ends the process if
/// anything else happens.
void read_table_input(std::string_view bytes);

}  // namespace dunnage::test
