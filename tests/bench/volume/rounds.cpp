// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/rounds.hpp"

#include <algorithm>
#include <random>

namespace dunnage::bench {
namespace {

Spread spread_of(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::sort(values.begin(), values.end());
  const auto at = [&](double part) {
    return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1) + 0.5)];
  };
  return {.median = at(0.5), .p10 = at(0.1), .p90 = at(0.9)};
}

}  // namespace

void measure_in_rounds(std::vector<Row>& rows, unsigned rounds) {
  std::mt19937 chance{1};
  for (Row& row : rows) {
    (void)row.measure();  // who comes first would find the caches cold
  }
  for (unsigned round = 0; round < rounds; ++round) {
    std::vector<Row*> order;
    for (Row& row : rows) {
      row.seconds.emplace_back();
      if (round % row.every == 0) {
        order.push_back(&row);
      }
    }
    std::shuffle(order.begin(), order.end(), chance);
    for (Row* row : order) {
      row->seconds.back() = row->measure();
    }
  }
}

Spread spread_of(const Row& row) {
  std::vector<double> values;
  for (const auto& seconds : row.seconds) {
    if (seconds) {
      values.push_back(*seconds);
    }
  }
  return spread_of(std::move(values));
}

std::optional<Spread> ratio_of(const Row& row, const Row* reference) {
  if (reference == nullptr) {
    return std::nullopt;
  }
  std::vector<double> ratios;
  for (std::size_t round = 0; round < row.seconds.size(); ++round) {
    if (row.seconds[round] && reference->seconds[round]) {
      ratios.push_back(*row.seconds[round] / *reference->seconds[round]);
    }
  }
  return spread_of(std::move(ratios));
}

const Row* find_row(const std::vector<Row>& rows, const std::string& deed, const std::string& way, int volumes) {
  const auto found = std::find_if(rows.begin(), rows.end(), [&](const Row& row) {
    return row.deed == deed && row.way == way && row.volumes == volumes;
  });
  return found == rows.end() ? nullptr : &*found;
}

const Row* find_floor(const std::vector<Row>& rows, const Row& row) {
  return find_row(rows, row.deed.substr(0, row.deed.starts_with("list,") ? 4 : std::string::npos), kFloor, row.volumes);
}

}  // namespace dunnage::bench
