// SPDX-License-Identifier: Apache-2.0
// Clones, snapshots and rollbacks of a volume beside `cp -a`, in turns, so that a busy machine slows both.
//
//     clone_bench [--rounds N] [--source DIRECTORY] DIRECTORY...
//
// Each DIRECTORY is on the file system that is of interest. The volume is a copy of --source, a stopped database for
// example; else 1,000 files of 40 KiB and one of 1 GiB.

#include <dunnage/volume_history.hpp>

#include "bench/statistics.hpp"
#include "bench/stopwatch.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using dunnage::bench::median;
using dunnage::bench::run;
using dunnage::bench::seconds_of;

void make_database(const fs::path& top) {
  const std::string small(40'960, 'x');
  for (int number = 0; number < 1000; ++number) {
    const fs::path directory = top / "base" / std::to_string(number % 3);
    fs::create_directories(directory);
    std::ofstream{directory / std::to_string(number), std::ios::binary} << small;
  }
  std::ofstream file{top / "base/0/large", std::ios::binary};
  const std::string large(std::size_t{1} << 20U, 'y');
  for (int part = 0; part < 1024; ++part) file << large;
}

struct Row {
  const char* name;
  std::function<void()> before;
  std::function<void()> work;
  std::vector<double> times{};
};

/// Every row once in each round, each time another one first; the first row is the floor of the others.
void measure(std::vector<Row> rows, int rounds, const fs::path& where) {
  for (int round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < rows.size(); ++turn) {
      Row& row = rows[(turn + static_cast<std::size_t>(round)) % rows.size()];
      row.before();
      run("sync -f '" + where.string() + "'");
      row.times.push_back(1000 * seconds_of(row.work));
    }
  }
  for (const Row& row : rows) {
    std::vector<double> ratios;
    for (int round = 0; round < rounds; ++round) ratios.push_back(row.times[round] / rows.front().times[round]);
    std::printf("  %-34s %9.1f ms   %5.2f\n", row.name, median(row.times), median(ratios));
  }
}

void bench(const fs::path& directory, const std::string& source, int rounds) {
  const fs::path place = directory / "dunnage-clone-bench";
  fs::remove_all(place);
  fs::create_directories(place);
  auto store = dunnage::VolumeStore::open(place / "store");
  const auto db = source.empty()
                      ? store.create("db")
                      : store.create("db", {.seed = dunnage::SeedDirectory{.path = source, .keep_owner = true}});
  if (source.empty()) make_database(db.mountpoint());
  auto history = store.history("db");
  const auto seeded = history.snapshot({.name = "seeded"});
  const auto plan = history.plan();
  std::printf("%s: %s, %llu entries, %llu MiB\n", directory.c_str(), std::string{to_string(seeded.way)}.c_str(),
              static_cast<unsigned long long>(plan.entries), static_cast<unsigned long long>(plan.bytes >> 20U));
  const std::string copy = (place / "copy").string();
  const std::string cp = "cp -a --reflink=auto '" + db.mountpoint().string() + "' '" + copy + "'";
  const auto no_copy = [&] { fs::remove_all(copy); };
  const auto no_clone = [&] {
    if (store.find("new")) store.remove("new");
  };
  const auto no_snapshot = [&] {
    if (history.find("new")) history.remove("new");
  };
  measure({{"cp -a --reflink=auto, sync -f", no_copy, [&] { run(cp + " && sync -f '" + copy + "'"); }},
           {"cp -a --reflink=auto", no_copy, [&] { run(cp); }},
           {"clone, as it is now", no_clone, [&] { (void)store.clone("db", "new"); }},
           {"clone, of a snapshot", no_clone, [&] { (void)store.clone("db", "new", {.snapshot = "seeded"}); }},
           {"snapshot", no_snapshot, [&] { (void)history.snapshot({.name = "new"}); }},
           {"rollback, keeping nothing", [] {}, [&] { (void)history.rollback("seeded", {.keep_before = false}); }},
           {"diff of what is the same", [] {}, [&] { (void)history.diff("seeded"); }}},
          rounds, place);
  fs::remove_all(place);
}

}  // namespace

int main(int count, char** words) {
  int rounds = 9;
  std::string source;
  for (int index = 1; index < count; ++index) {
    const std::string word = words[index];
    if (word == "--rounds" && index + 1 < count) {
      rounds = std::atoi(words[++index]);
    } else if (word == "--source" && index + 1 < count) {
      source = words[++index];
    } else {
      bench(word, source, rounds);
    }
  }
}
