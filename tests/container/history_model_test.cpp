// SPDX-License-Identifier: Apache-2.0
#include "container/history_play.hpp"

namespace dunnage::test {

TEST_CASE("whatever is done to volumes and their histories, every one of them holds what it has to hold") {
  play_histories(8, Limits::No);
}

}  // namespace dunnage::test
