// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace dunnage::test {

/// The configuration of a container as it was written when it had no checksum yet: what is changed in it is believed.
inline std::string without_checksum(const std::string& config) { return "{" + config.substr(config.find('\n')); }

}  // namespace dunnage::test
