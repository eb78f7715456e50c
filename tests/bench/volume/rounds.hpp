// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Rounds in which every row is measured once, in an order of chance. A ratio is the median of the ratios within the
/// rounds, so that a busy machine slows both.

#include "bench/statistics.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::bench {

inline constexpr const char* kFloor = "floor";
inline constexpr const char* kOurs = "dunnage";
inline constexpr const char* kDocker = "docker";
/// What is created and removed.
inline constexpr const char* kNewVolume = "made-by-the-benchmark";

/// One way to do one thing in a store of so many volumes.
struct Row {
  std::string deed;  ///< "get"
  std::string way;
  int volumes = 0;
  std::function<double()> measure{};  ///< seconds that one takes
  unsigned every = 1;                 ///< measured in one round of so many
  Series seconds{};
};

/// Seconds that `work` takes, each of `times` times. \param work is given the number of the time
template <typename Work>
double seconds_of(Work&& work, int times = 1) {
  const auto begin = std::chrono::steady_clock::now();
  for (int time = 0; time < times; ++time) {
    work(time);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / times;
}

void measure_in_rounds(std::vector<Row>& rows, unsigned rounds);

[[nodiscard]] Spread spread_of(const Row& row);

/// How many times as long a row takes; nothing if there is no such reference.
[[nodiscard]] std::optional<Spread> ratio_of(const Row& row, const Row* reference);

/// \return null if there is none
[[nodiscard]] const Row* find_row(const std::vector<Row>& rows, const std::string& deed, const std::string& way,
                                  int volumes);
/// What `row` is measured against: lists that leave something out have the floor of a list.
[[nodiscard]] const Row* find_floor(const std::vector<Row>& rows, const Row& row);

}  // namespace dunnage::bench
