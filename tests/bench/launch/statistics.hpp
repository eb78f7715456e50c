// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is read from a series of rounds.

#include "bench/launch/row.hpp"

#include <vector>

namespace dunnage::bench {

[[nodiscard]] std::vector<double> values_of(const Series& series);
/// \param share 0.5 is the median; 0 of nothing
[[nodiscard]] double quantile(std::vector<double> values, double share);
/// The median of the ratios within the rounds in which both were measured, so that a busy machine slows both. 0: none.
[[nodiscard]] double paired_ratio(const Series& series, const Series& reference);

}  // namespace dunnage::bench
