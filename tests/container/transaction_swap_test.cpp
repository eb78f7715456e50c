// SPDX-License-Identifier: Apache-2.0
// Somebody who can write to the source puts a link in the place of a directory, while changes are taken over.

#include "container/transaction_support.hpp"
#include "support/rounds.hpp"
#include "support/swap.hpp"
#include "support/tree.hpp"

using namespace dunnage;
using namespace dunnage::test;

namespace fs = std::filesystem;

TEST_CASE("what is applied to a directory that is swapped for a link reaches nothing the link leads to",
          "[container][transaction][race]") {
  const TransactionGround ground;
  const fs::path canary = ground.ground().directory().make("canary");
  ground.ground().directory().write("canary/file0", "mine");
  ground.write("d/file0", "old");
  fs::create_directory_symlink("../canary", ground.source() / "link");  // the launcher has no other way there
  const std::string before = tree_of(canary);
  unsigned refused = 0;
  unsigned applied = 0;
  Rounds rounds{6};
  while (rounds.next(refused > 0 && applied > 0)) {
    const Transaction transaction = ground.store().begin(ground.source(), "try");
    ground.run(transaction, "[ -h d ] && exit 0; for n in 0 1 2 3 4 5 6 7 8 9; do date +%N > d/file$n; done");
    {
      const Swap swap{ground.source() / "d", ground.source() / "link"};
      try {
        (void)transaction.apply({.overwrite = true});
        ++applied;
      } catch (const VolumeError&) {
        ++refused;
      }
      swap.wait_for_more();
    }
    if (fs::is_symlink(ground.source() / "d")) exchange_names(ground.source() / "d", ground.source() / "link");
    REQUIRE(tree_of(canary) == before);
    transaction.discard();
  }
}
