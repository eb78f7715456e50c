// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How a program of the machine is run outside of any container: a copy of the launcher program, the keeper, has it as
/// its child, kills it when the host closes the channel or dies, and says how it ended.
///
///     keeper's argv:  kKeeperName, path of the program, its argv[0], argv[1], …
///     descriptor 3:   the channel, SOCK_SEQPACKET; one KeptEnd comes on it

#include <stdint.h>

namespace dunnage::launcher {

inline constexpr const char* kKeeperName = "dunnage-keeper";
inline constexpr int kKeeperChannel = 3;

struct KeptEnd {
  int32_t error = 0;   ///< errno, if it could not be executed
  int32_t status = 0;  ///< what a shell would say: 128 and the signal if one ended it
};

}  // namespace dunnage::launcher
