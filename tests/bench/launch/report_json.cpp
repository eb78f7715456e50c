// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/report.hpp"
#include "bench/launch/target.hpp"
#include "bench/statistics.hpp"

#include <nlohmann/json.hpp>

#include <fstream>
#include <stdexcept>

namespace dunnage::bench {
namespace {

using nlohmann::json;

json series_json(const Series& series) {
  json list = json::array();
  for (const auto& value : series) {
    list.push_back(value ? json(*value) : json(nullptr));
  }
  const Spread spread = spread_of(values_of(series));
  return {{"median_ms", spread.median}, {"p10_ms", spread.p10}, {"p90_ms", spread.p90}, {"rounds_ms", std::move(list)}};
}

json row_json(const Row& row) {
  json entry{{"name", row.name}, {"floor", row.floor}, {"dunnage", row.ours}};
  if (!row.trouble.empty()) {
    entry["trouble"] = row.trouble;
    return entry;
  }
  entry["hot"] = series_json(row.hot_series);
  if (row.cold) {
    entry["cold"] = series_json(row.cold_series);
  }
  if (row.peak_kib > 0) {
    entry["peak_kib"] = row.peak_kib;
  }
  return entry;
}

}  // namespace

void write_json(const Report& report, const std::filesystem::path& file) {
  json document{{"load_before", report.load_before}, {"load_after", report.load_after}};
  for (const Session& session : report.sessions) {
    json rows = json::array();
    for (const Row& row : session.rows) {
      rows.push_back(row_json(row));
    }
    document["sessions"].push_back({{"name", session.name}, {"rows", std::move(rows)}});
  }
  for (const Target& target : make_targets(report.sessions, report.residency)) {
    document["targets"].push_back({{"sentence", target.sentence},
                                   {"limit", target.limit},
                                   {"at_least", target.at_least},
                                   {"value", target.value ? json(*target.value) : json(nullptr)},
                                   {"met", target.met()}});
  }
  if (report.residency.containers > 0) {
    document["memory"] = {{"containers", report.residency.containers},
                          {"host_kib", report.residency.library_kib()},
                          {"launcher_kib", report.residency.launcher_kib()}};
  }
  std::ofstream stream{file};
  stream << document.dump(1) << '\n';
  if (!stream.flush()) {
    throw std::runtime_error{"cannot write " + file.string()};
  }
}

}  // namespace dunnage::bench
