// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dunnage::test {

/// All that can be read from a descriptor, up to its end or a failure.
[[nodiscard]] std::string read_to_end(int fd);

}  // namespace dunnage::test
