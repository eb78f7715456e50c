// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is read from a series of rounds.

#include <optional>
#include <vector>

namespace dunnage::bench {

/// How long something took, one for each round; nothing where it was not measured.
using Series = std::vector<std::optional<double>>;

struct Spread {
  double median = 0;
  double p10 = 0;
  double p90 = 0;
};

[[nodiscard]] std::vector<double> values_of(const Series& series);
/// The ratios within the rounds in which both were measured, so that a busy machine slows both.
[[nodiscard]] std::vector<double> paired_ratios(const Series& series, const Series& reference);
/// The same with what is left when the reference is taken away.
[[nodiscard]] std::vector<double> paired_differences(const Series& series, const Series& reference);
/// Of at least one.
[[nodiscard]] double median(std::vector<double> values);
/// Zeros of nothing.
[[nodiscard]] Spread spread_of(std::vector<double> values);

}  // namespace dunnage::bench
