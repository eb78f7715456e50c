// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What this library promises of its launches, and whether a run bears it out.

#include "bench/launch/residency.hpp"
#include "bench/launch/row.hpp"

#include <optional>
#include <string>
#include <vector>

namespace dunnage::bench {

struct Target {
  std::string sentence;
  double limit = 0;
  bool at_least = false;          ///< else at most
  std::optional<double> value{};  ///< empty: could not be measured here

  [[nodiscard]] bool met() const { return value && (at_least ? *value >= limit : *value <= limit); }
};

/// All of them, those that are missed and those that could not be measured too.
[[nodiscard]] std::vector<Target> make_targets(const std::vector<Session>& sessions, const Residency& residency);

}  // namespace dunnage::bench
