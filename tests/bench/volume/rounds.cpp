// SPDX-License-Identifier: Apache-2.0
#include "bench/volume/rounds.hpp"

#include <algorithm>
#include <random>

namespace dunnage::bench {
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

Spread spread_of(const Row& row) { return spread_of(values_of(row.seconds)); }

std::optional<Spread> ratio_of(const Row& row, const Row* reference) {
  return reference == nullptr ? std::nullopt : std::optional{spread_of(paired_ratios(row.seconds, reference->seconds))};
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
