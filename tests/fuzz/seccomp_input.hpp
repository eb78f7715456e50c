// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What the fuzzer of seccomp profiles does with some bytes, and what the unit tests do with its corpus.

#include <string_view>

namespace dunnage::test {

/// The first byte chooses the machine and the capabilities, and the rest is the profile. It must end in a ProfileFault,
/// or in a program that the kernel would take: known instructions, no jump out of it, an answer at every end. Ends the
/// process if anything else happens.
void read_seccomp_input(std::string_view bytes);

}  // namespace dunnage::test
