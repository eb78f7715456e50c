// SPDX-License-Identifier: Apache-2.0
#include "bench/statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>

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

namespace {

template <typename Combine>
std::vector<double> paired(const Series& series, const Series& reference, Combine combine) {
  std::vector<double> values;
  for (std::size_t round = 0; round < std::min(series.size(), reference.size()); ++round) {
    if (series[round] && reference[round]) {
      values.push_back(combine(*series[round], *reference[round]));
    }
  }
  return values;
}

}  // namespace

std::vector<double> paired_ratios(const Series& series, const Series& reference) {
  return paired(series, reference, std::divides<>{});
}

std::vector<double> paired_differences(const Series& series, const Series& reference) {
  return paired(series, reference, std::minus<>{});
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

Spread spread_of(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::sort(values.begin(), values.end());
  const auto at = [&values](double share) {
    return values[static_cast<std::size_t>(std::lround(share * static_cast<double>(values.size() - 1)))];
  };
  return {.median = at(0.5), .p10 = at(0.1), .p90 = at(0.9)};
}

}  // namespace dunnage::bench
