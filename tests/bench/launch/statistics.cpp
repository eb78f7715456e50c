// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

namespace dunnage::bench {

std::vector<double> values_of(const Series& series) {
  std::vector<double> values;
  for (const auto& value : series) {
    if (value) {
      values.push_back(*value);
    }
  }
  return values;
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) {
    return 0;
  }
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
}

double paired_ratio(const Series& series, const Series& reference) {
  std::vector<double> ratios;
  for (std::size_t round = 0; round < std::min(series.size(), reference.size()); ++round) {
    if (series[round] && reference[round]) {
      ratios.push_back(*series[round] / *reference[round]);
    }
  }
  return quantile(std::move(ratios), 0.5);
}

}  // namespace dunnage::bench
