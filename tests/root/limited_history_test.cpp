// SPDX-License-Identifier: Apache-2.0
#include "container/history_play.hpp"
#include "support/requires.hpp"

namespace dunnage::test {

TEST_CASE("whatever limits volumes get in their histories, every one of them holds what it has to hold") {
  if (!requires_root() || !requires_program("mkfs.ext4")) return;
  play_histories(3, Limits::Yes);
}

}  // namespace dunnage::test
