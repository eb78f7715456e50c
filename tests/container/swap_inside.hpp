// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The attacker of a race as another container, which has a volume together with the one that is attacked.

#include "container/support.hpp"

#include <string>
#include <vector>

namespace dunnage::test {

/// A container that exchanges a name for each of some others and back, without end, as long as this lives.
class SwapInside {
 public:
  /// Returns when it has begun. \param name  a path in the container, as those of `others`
  SwapInside(const Ground& ground, MountSet mounts, const std::string& name, const std::vector<std::string>& others);
  SwapInside(const SwapInside&) = delete;
  SwapInside& operator=(const SwapInside&) = delete;
  /// Afterwards `name` is what it was.
  ~SwapInside();

  /// How many exchanges it is known to have done.
  [[nodiscard]] std::size_t count() const;

 private:
  Collector out_;
  Container container_;
};

}  // namespace dunnage::test
