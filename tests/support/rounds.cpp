// SPDX-License-Identifier: Apache-2.0
#include "support/rounds.hpp"

#include <cstdlib>

namespace dunnage::test {
namespace {

constexpr std::chrono::seconds kPatience{20};

/// 0 where it does not say so.
std::chrono::seconds asked_for() {
  const char* text = std::getenv("DUNNAGE_ATTACK_SECONDS");
  return std::chrono::seconds{text != nullptr ? std::atol(text) : 0};
}

}  // namespace

Rounds::Rounds(unsigned count) : count_{count}, begin_{std::chrono::steady_clock::now()} {}

bool Rounds::next(bool enough) {
  const auto passed = std::chrono::steady_clock::now() - begin_;
  const bool more = number_ < count_ || passed < asked_for() || (!enough && passed < kPatience);
  number_ += more ? 1 : 0;
  return more;
}

bool Rounds::are_long() { return asked_for().count() > 0; }

}  // namespace dunnage::test
