// SPDX-License-Identifier: Apache-2.0
#include "bench/launch/report.hpp"

#include "bench/launch/target.hpp"
#include "bench/statistics.hpp"

#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>

namespace dunnage::bench {
namespace {

const Series& series_of(const Row& row, bool cold) { return cold ? row.cold_series : row.hot_series; }

/// "1.23", or nothing where there is nothing to compare with.
std::string ratio_text(const Session& session, const Row& row, const std::string& reference, bool cold) {
  const auto other = std::find_if(session.rows.begin(), session.rows.end(),
                                  [&](const Row& candidate) { return candidate.name == reference; });
  if (other == session.rows.end()) {
    return {};
  }
  const double ratio = spread_of(paired_ratios(series_of(row, cold), series_of(*other, cold))).median;
  char text[32];
  (void)std::snprintf(text, sizeof text, ratio >= 100 ? "%.0f" : ratio >= 10 ? "%.1f" : "%.2f", ratio);
  return ratio > 0 ? text : "";
}

void print_table(const Session& session, bool cold) {
  const bool threads = session.name == "threads";
  std::printf("\n### %s%s\n\n| | median ms | p10 | p90 | × floor | × dunnage |%s\n|---|--:|--:|--:|--:|--:|%s\n",
              session.title.c_str(), cold ? ", after 100 ms of idleness" : "", threads ? " a second |" : "",
              threads ? "--:|" : "");
  for (const Row& row : session.rows) {
    if (!row.trouble.empty()) {
      std::printf("| %s | not measured: %s | | | | |\n", row.name.c_str(), row.trouble.c_str());
      continue;
    }
    const auto values = values_of(series_of(row, cold));
    if (values.empty()) {
      continue;
    }
    const Spread spread = spread_of(values);
    std::printf("| %s | %.3f | %.3f | %.3f | %s | %s |", row.name.c_str(), spread.median, spread.p10, spread.p90,
                ratio_text(session, row, row.floor, cold).c_str(), ratio_text(session, row, row.ours, cold).c_str());
    std::printf(threads ? " %.0f |\n" : "\n", 1000 / spread.median);
  }
}

void print_targets(const Report& report) {
  std::printf("\n### Targets\n\n| | limit | measured | |\n|---|--:|--:|---|\n");
  unsigned missed = 0;
  for (const Target& target : make_targets(report.sessions, report.residency)) {
    missed += target.met() ? 0 : 1;
    std::printf("| %s | %s %g | ", target.sentence.c_str(), target.at_least ? "≥" : "≤", target.limit);
    if (target.value) {
      std::printf("%.2f | %s |\n", *target.value, target.met() ? "met" : "**NOT MET**");
    } else {
      std::printf("| **NOT MEASURED** |\n");
    }
  }
  std::printf("\n%u not met or not measured.\n", missed);
}

void print_memory_of_programs(const Report& report) {
  std::printf("\n### Memory of a program while it launches\n\n| | MiB at most |\n|---|--:|\n");
  for (const Session& session : report.sessions) {
    for (const Row& row : session.rows) {
      if (row.peak_kib > 0 && row.trouble.empty()) {
        std::printf("| %s | %.1f |\n", row.name.c_str(), static_cast<double>(row.peak_kib) / 1024);
      }
    }
  }
}

std::string now() {
  char text[32];
  const std::time_t time = std::time(nullptr);
  (void)std::strftime(text, sizeof text, "%Y-%m-%d %H:%M", std::gmtime(&time));
  return text;
}

}  // namespace

std::string load_now() {
  std::ifstream file{"/proc/loadavg"};
  std::string one;
  std::string five;
  file >> one >> five;
  return one + " " + five;
}

void print_markdown(const Report& report) {
  utsname machine{};
  (void)::uname(&machine);
  std::printf("%s UTC, Linux %s, %ld processors, load (1 and 5 minutes) %s before, %s after.\n", now().c_str(),
              machine.release, ::sysconf(_SC_NPROCESSORS_ONLN), report.load_before.c_str(), report.load_after.c_str());
  for (const Session& session : report.sessions) {
    print_table(session, false);
    if (session.cold_rounds > 0) {
      print_table(session, true);
    }
  }
  const Residency& memory = report.residency;
  if (memory.containers > 0) {
    std::printf(
        "\n### Memory with %u containers alive\n\n%.1f KiB each in the host's process, %.1f KiB in the "
        "launcher's, which takes %.0f KiB with one.\n",
        memory.containers, memory.library_kib(), memory.launcher_kib(), memory.launcher_before);
  }
  print_memory_of_programs(report);
  print_targets(report);
}

}  // namespace dunnage::bench
