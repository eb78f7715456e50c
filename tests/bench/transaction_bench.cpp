// SPDX-License-Identifier: Apache-2.0
// A transaction beside what does it without one: a copy that is compared and copied back (`cp -a`, `diff -rq`), and an
// overlay that is mounted by hand, which knows its changes but neither conflicts nor what is the same again. As root,
// with TMPDIR on the disk that is of interest, in turns.
//
//     transaction_bench [ROUNDS [FILES [CHANGES]]]

#include "bench/statistics.hpp"
#include "bench/stopwatch.hpp"
#include "support/temporary_directory.hpp"

#include <dunnage/dunnage.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using dunnage::bench::median;
using dunnage::bench::run;
using dunnage::bench::seconds_of;
namespace fs = std::filesystem;

/// What each way takes for each of its four steps, in seconds.
struct Steps {
  std::vector<double> begin, look, apply, end;

  void print(const char* name) const {
    constexpr double kMilliseconds = 1000;
    std::printf("| %s | %.0f | %.0f | %.0f | %.0f |\n", name, median(begin) * kMilliseconds,
                median(look) * kMilliseconds, median(apply) * kMilliseconds, median(end) * kMilliseconds);
  }
};

class Bench {
 public:
  Bench(fs::path place, int files, int changes) : place_{std::move(place)}, files_{files}, changes_{changes} {}

  /// Each file has 4 KiB, a hundred are in a directory.
  void make_source() const {
    fs::remove_all(source());
    for (int file = 0; file < files_; ++file) {
      const fs::path path = source() / file_name(file);
      fs::create_directories(path.parent_path());
      std::ofstream{path, std::ios::binary} << std::string(4096, 'x');
    }
  }

  void measure_transaction(Steps& steps) const {
    auto store = dunnage::TransactionStore::open(place_ / "store");
    steps.begin.push_back(seconds_of([&] { (void)store.begin(source(), "trial"); }));
    const auto trial = store.get("trial");
    const auto status = dunnage::run({.argv = {"sh", "-c", "cd /trial && " + script()},
                                      .mounts = dunnage::MountSet{trial.at("/trial")},
                                      .store = store.root()});
    require(status.success());
    std::size_t found = 0;
    steps.look.push_back(seconds_of([&] { found = trial.changes().size(); }));
    require(found == static_cast<std::size_t>(changes_));
    steps.apply.push_back(seconds_of([&] { (void)trial.apply(); }));
    steps.end.push_back(seconds_of([&] { trial.discard(); }));
  }

  void measure_copy(Steps& steps) const {
    const std::string copy = (place_ / "copy").string();
    steps.begin.push_back(seconds_of([&] { run("cp -a " + source().string() + " " + copy); }));
    run("cd " + copy + " && " + script());
    const std::string list = (place_ / "list").string();
    steps.look.push_back(seconds_of([&] {
      run("diff -rq " + source().string() + " " + copy + " > " + list + "; test $(wc -l < " + list +
          ") = " + std::to_string(changes_));
    }));
    steps.apply.push_back(seconds_of([&] {
      run("cd " + copy + " && sed 's|^Files " + source().string() + "/\\(.*\\) and .*|\\1|' " + list +
          " | xargs cp -a --parents -t " + source().string() + " && sync -f " + source().string());
    }));
    steps.end.push_back(seconds_of([&] { run("rm -rf " + copy); }));
  }

  void measure_overlay(Steps& steps) const {
    const std::string at = place_.string();
    steps.begin.push_back(seconds_of([&] {
      run("cd " + at + " && mkdir upper work merged && mount -t overlay overlay -o lowerdir=" + source().string() +
          ",upperdir=upper,workdir=work merged");
    }));
    run("cd " + at + "/merged && " + script());
    steps.look.push_back(seconds_of(
        [&] { run("cd " + at + " && test $(find upper ! -type d | wc -l) = " + std::to_string(changes_)); }));
    steps.apply.push_back(seconds_of([&] {
      run("cd " + at + " && umount merged && cp -a upper/. " + source().string() + " && sync -f " + source().string());
    }));
    steps.end.push_back(seconds_of([&] { run("cd " + at + " && rm -rf upper work merged"); }));
  }

 private:
  [[nodiscard]] fs::path source() const { return place_ / "source"; }
  static std::string file_name(int file) {
    return "d" + std::to_string(file / 100) + "/f" + std::to_string(file % 100);
  }
  static void require(bool so) {
    if (!so) throw std::runtime_error{"not all changes were made or found"};
  }
  /// Appends to so many files, spread over all.
  [[nodiscard]] std::string script() const {
    const std::string step = std::to_string(files_ / changes_);
    return "i=0; while [ $i -lt " + std::to_string(changes_) + " ]; do n=$((i * " + step +
           ")); echo changed >> d$((n / 100))/f$((n % 100)); i=$((i + 1)); done";
  }

  fs::path place_;
  int files_;
  int changes_;
};

}  // namespace

int main(int argc, char** argv) {
  const auto number = [&](int at, int usual) { return argc > at ? std::atoi(argv[at]) : usual; };
  const int rounds = number(1, 7);
  const int files = number(2, 10'000);
  const int changes = number(3, 100);
  const dunnage::test::TemporaryDirectory place;
  const Bench bench{place.path(), files, changes};
  Steps ours, copy, overlay;
  for (int round = 0; round < rounds; ++round) {
    for (int turn = 0; turn < 3; ++turn) {
      bench.make_source();
      const int whose = (round + turn) % 3;
      whose == 0   ? bench.measure_transaction(ours)
      : whose == 1 ? bench.measure_copy(copy)
                   : bench.measure_overlay(overlay);
    }
  }
  std::printf(
      "%d files, %d changed, %d rounds; medians in ms\n\n| | begin | look | apply | end |\n|---|--:|--:|--:|--:|\n",
      files, changes, rounds);
  ours.print("transaction");
  copy.print("`cp -a`, `diff -rq`, `cp --parents`");
  overlay.print("overlay by hand, without comparing");
  return 0;
}
