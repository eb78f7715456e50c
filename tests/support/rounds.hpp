// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How often a race is run: so many times, or for so many seconds if DUNNAGE_ATTACK_SECONDS says so (600: the promise
/// is no hit in ten minutes of racing). ctest ends what takes long, so the long form is run without it:
///
///     DUNNAGE_ATTACK_SECONDS=600 build/tests/dunnage_root_tests '[race]'

#include <chrono>

namespace dunnage::test {

class Rounds {
 public:
  explicit Rounds(unsigned count);

  /// Whether there is another one. \param enough  false: the race has not gone all ways yet. Where the attacker stands
  /// still at the wrong moment there are more rounds then, for 20 s.
  [[nodiscard]] bool next(bool enough = true);
  /// The number of the round that runs, from 1 on.
  [[nodiscard]] unsigned number() const noexcept { return number_; }
  /// Whether this is the long form.
  [[nodiscard]] static bool are_long();

 private:
  unsigned count_;
  unsigned number_ = 0;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace dunnage::test
