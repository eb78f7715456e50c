// SPDX-License-Identifier: Apache-2.0
// The store's verbs beside the fewest system calls that could do the same, in stores of few and of many volumes, and
// beside Docker's API. Run it with TMPDIR on the disk that is of interest; --help has the options.

#include "bench/volume/docker_subject.hpp"
#include "bench/volume/rounds.hpp"
#include "bench/volume/subject.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <cstdlib>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace dunnage::bench;

constexpr int kSmallest = 100;
constexpr int kPeerVolumes = 10'000;

struct Options {
  unsigned rounds = 41;
  bool largest = false;
  bool peers = false;
  bool json = false;
};

std::string times(const std::optional<Spread>& ratio) {
  char text[64] = "";
  if (ratio) (void)std::snprintf(text, sizeof text, "%.2f (%.2f–%.2f)", ratio->median, ratio->p10, ratio->p90);
  return text;
}

void print_table(const std::vector<Row>& rows) {
  std::printf("| | volumes | floor µs | dunnage µs | p10–p90 | × floor (p10–p90) | × with %d volumes |\n", kSmallest);
  std::printf("|---|--:|--:|--:|--:|--:|--:|\n");
  for (const Row& row : rows) {
    if (row.way != kOurs) continue;
    const Row* floor = find_floor(rows, row);
    const Spread ours = spread_of(row);
    const std::string least = floor != nullptr ? std::to_string(spread_of(*floor).median * 1e6) : "";
    std::printf("| %s | %d | %s | %.1f | %.1f–%.1f | %s | %s |\n", row.deed.c_str(), row.volumes,
                least.substr(0, least.find('.') + 2).c_str(), ours.median * 1e6, ours.p10 * 1e6, ours.p90 * 1e6,
                times(ratio_of(row, floor)).c_str(),
                times(ratio_of(row, find_row(rows, row.deed, kOurs, kSmallest))).c_str());
  }
  for (const Row& row : rows) {
    if (row.way != kDocker) continue;
    const Spread theirs = spread_of(row);
    std::printf("| %s, Docker's API | %d | | %.1f | %.1f–%.1f | × dunnage: %s | |\n", row.deed.c_str(), row.volumes,
                theirs.median * 1e6, theirs.p10 * 1e6, theirs.p90 * 1e6,
                times(ratio_of(row, find_row(rows, row.deed, kOurs, row.volumes))).c_str());
  }
}

/// A target is about the ratio of two ways of one deed.
void print_target(const std::vector<Row>& rows, const char* sentence, const char* deed, const char* way,
                  const char* reference, int volumes, double least, double most) {
  const Row* row = find_row(rows, deed, way, volumes);
  const auto ratio = row != nullptr ? ratio_of(*row, find_row(rows, deed, reference, volumes)) : std::nullopt;
  if (ratio) {
    std::printf("%-55s %7d volumes %7.2f  %s\n", sentence, volumes, ratio->median,
                ratio->median >= least && ratio->median <= most ? "met" : "NOT MET");
  }
}

void print_targets(const std::vector<Row>& rows, const std::vector<int>& sizes) {
  constexpr double kAny = 1e9;
  std::printf("\n");
  for (const int size : sizes) {
    print_target(rows, "get takes at most twice the floor", "get", kOurs, kFloor, size, 0, 2.0);
    print_target(rows, "list takes at most 1.5 times the floor", "list", kOurs, kFloor, size, 0, 1.5);
    print_target(rows, "a durable create takes at most 1.2 times the floor", "create", kOurs, kFloor, size, 0, 1.2);
  }
  print_target(rows, "Docker takes at least 25 times as long to inspect", "get", kDocker, kOurs, kPeerVolumes, 25,
               kAny);
  print_target(rows, "Docker takes at least 12 times as long to list", "list", kDocker, kOurs, kPeerVolumes, 12, kAny);
}

void print_json(const std::vector<Row>& rows) {
  auto list = nlohmann::json::array();
  for (const Row& row : rows) {
    const Spread spread = spread_of(row);
    nlohmann::json entry{{"deed", row.deed},          {"way", row.way},      {"volumes", row.volumes},
                         {"median_s", spread.median}, {"p10_s", spread.p10}, {"p90_s", spread.p90}};
    const Row* reference = row.way == kDocker ? find_row(rows, row.deed, kOurs, row.volumes) : find_floor(rows, row);
    if (const auto ratio = ratio_of(row, reference)) {
      entry["reference"] = reference->way;
      entry["ratio"] = {{"median", ratio->median}, {"p10", ratio->p10}, {"p90", ratio->p90}};
    }
    list.push_back(entry);
  }
  std::printf("%s\n", list.dump(2).c_str());
}

[[noreturn]] void usage(int code) {
  std::fputs(
      "usage: volume_bench [--rounds N] [--largest] [--peers] [--json]\n"
      "  --largest  100,000 volumes, besides 100 and 10,000\n"
      "  --peers    Docker's API, with 10,000 volumes; as root, after cmake/install_packages.sh bench\n",
      code == 0 ? stdout : stderr);
  std::exit(code);
}

Options parse(int argc, char** argv) {
  Options options;
  for (int index = 1; index < argc; ++index) {
    const std::string_view word = argv[index];
    if (word == "--rounds" && index + 1 < argc && std::atoi(argv[index + 1]) > 0) {
      options.rounds = static_cast<unsigned>(std::atoi(argv[++index]));
    } else if (word == "--largest") {
      options.largest = true;
    } else if (word == "--peers") {
      options.peers = true;
    } else if (word == "--json") {
      options.json = true;
    } else {
      usage(word == "--help" ? 0 : 2);
    }
  }
  return options;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = parse(argc, argv);
  try {
    std::vector<int> sizes{kSmallest, kPeerVolumes};
    if (options.largest) sizes.push_back(100'000);
    std::vector<Row> rows;
    std::deque<Subject> subjects;
    for (const int size : sizes) subjects.emplace_back(size).add_rows(rows);
    std::optional<DockerSubject> docker;
    if (options.peers) docker.emplace(kPeerVolumes).add_rows(rows);
    measure_in_rounds(rows, options.rounds);
    options.json ? print_json(rows) : (print_table(rows), print_targets(rows, sizes));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "volume_bench: %s\n", error.what());
    return 1;
  }
}
