// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/rounds.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <numeric>
#include <random>
#include <vector>

namespace dunnage::bench {
namespace {

constexpr Pace kCold{.idle = 100, .warm = 0, .count = 1, .every = 1};

void measure_round(Session& session, std::vector<Worker>& workers, const std::vector<std::size_t>& order, bool cold,
                   unsigned round) {
  for (Row& row : session.rows) {
    (cold ? row.cold_series : row.hot_series).emplace_back();
  }
  for (const std::size_t index : order) {
    Row& row = session.rows[index];
    const bool due = cold ? row.cold : round % row.hot.every == 0;
    if (!due || !row.trouble.empty()) {
      continue;
    }
    try {
      (cold ? row.cold_series : row.hot_series).back() = workers[index].measure(cold ? kCold : row.hot);
      row.peak_kib = row.program ? workers[index].peak_kib() : 0;
    } catch (const std::exception& error) {
      row.trouble = error.what();
    }
  }
}

}  // namespace

void measure(Session& session) {
  std::vector<Worker> workers;
  for (Row& row : session.rows) {
    workers.emplace_back(row.make);
    row.trouble = workers.back().trouble();
  }
  std::vector<std::size_t> order(session.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::mt19937 chance{1};
  for (unsigned round = 0; round < session.rounds + session.cold_rounds; ++round) {
    std::fprintf(stderr, "\r%s: round %u of %u  ", session.name.c_str(), round + 1,
                 session.rounds + session.cold_rounds);
    std::shuffle(order.begin(), order.end(), chance);
    measure_round(session, workers, order, round >= session.rounds, round);
  }
  std::fputs("\n", stderr);
}

}  // namespace dunnage::bench
