// SPDX-License-Identifier: Apache-2.0
// The tree copier beside `cp -a`, on the same trees, in turns, so that a busy machine slows both. Run it with TMPDIR on
// the disk that is of interest; DUNNAGE_BENCH_REFLINK names a directory on a file system with reflinks.

#include "bench/statistics.hpp"
#include "bench/stopwatch.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/copy_tree.hpp"
#include "launcher/identity.hpp"
#include "support/temporary_directory.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using dunnage::bench::median;
using dunnage::bench::run;
using dunnage::bench::seconds_of;
using dunnage::kernel::FileDescriptor;
namespace launcher = dunnage::launcher;

FileDescriptor open_directory(const std::filesystem::path& path) {
  FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) throw std::runtime_error{"open " + path.string()};
  return directory;
}

/// 50,000 files of 4 KiB in 500 directories.
void make_small_files(const std::filesystem::path& top) {
  const std::string content(4096, 'x');
  for (int directory = 0; directory < 500; ++directory) {
    const auto path = top / ("d" + std::to_string(directory % 20)) / ("e" + std::to_string(directory));
    std::filesystem::create_directories(path);
    for (int file = 0; file < 100; ++file) {
      std::ofstream{path / ("file" + std::to_string(file)), std::ios::binary} << content;
    }
  }
}

void make_one_file(const std::filesystem::path& top) {
  std::filesystem::create_directories(top);
  std::ofstream file{top / "file", std::ios::binary};
  const std::string content(std::size_t{1} << 20U, 'y');
  for (int part = 0; part < 1024; ++part) file << content;
}

class Bench {
 public:
  explicit Bench(std::filesystem::path place)
      : place_{std::move(place)}, connection_{launcher::Connection::get(launcher::identity_for(0, 0))} {}

  void measure(const std::string& name, const std::filesystem::path& source, const std::string& cp_options, int rounds,
               double files) {
    std::vector<double> ours, ours_synced, theirs, theirs_synced;
    for (int round = 0; round < rounds; ++round) {
      for (int turn = 0; turn < 4; ++turn) {
        switch ((turn + round) % 4) {
          case 0:
            ours.push_back(copy(source, false));
            break;
          case 1:
            ours_synced.push_back(copy(source, true));
            break;
          case 2:
            theirs.push_back(cp(source, cp_options, false));
            break;
          default:
            theirs_synced.push_back(cp(source, cp_options, true));
        }
      }
    }
    std::printf("%-34s ours %7.3f s (%7.3f synced)   cp -a %7.3f s (%7.3f)   ratio %5.2f (%5.2f)", name.c_str(),
                median(ours), median(ours_synced), median(theirs), median(theirs_synced), median(theirs) / median(ours),
                median(theirs_synced) / median(ours_synced));
    if (files > 0) std::printf("   %7.0f files/s (%7.0f)", files / median(ours), files / median(ours_synced));
    std::printf("\n");
    std::fflush(stdout);
  }

 private:
  void clear() {
    run("rm -rf '" + (place_ / "copy").string() + "'");
    run("sync -f '" + place_.string() + "'");
  }
  double copy(const std::filesystem::path& source, bool sync) {
    clear();
    std::filesystem::create_directory(place_ / "copy");
    const FileDescriptor from = open_directory(source);
    const FileDescriptor to = open_directory(place_ / "copy");
    return seconds_of([&] {
      const auto outcome =
          launcher::copy_tree(*connection_, {.from = from.get(), .to = to.get(), .quiet = true, .sync = sync}, {});
      if (!outcome.done()) throw std::runtime_error{outcome.cause() + ": " + outcome.code().message()};
    });
  }
  double cp(const std::filesystem::path& source, const std::string& options, bool sync) {
    clear();
    const std::string end = sync ? " && sync -f '" + place_.string() + "'" : "";
    return seconds_of(
        [&] { run("cp -a " + options + " '" + source.string() + "' '" + (place_ / "copy").string() + "'" + end); });
  }

  std::filesystem::path place_;
  std::shared_ptr<launcher::Connection> connection_;
};

}  // namespace

int main(int argc, char** argv) try {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  {
    const dunnage::test::TemporaryDirectory directory;
    Bench bench{directory.path()};
    make_small_files(directory.path() / "small");
    bench.measure("50,000 files, 195 MiB", directory.path() / "small", "", rounds, 50'000);
    std::filesystem::remove_all(directory.path() / "small");
    make_one_file(directory.path() / "one");
    bench.measure("1 GiB in one file", directory.path() / "one", "", rounds, 0);
  }
  if (const char* reflink = std::getenv("DUNNAGE_BENCH_REFLINK")) {
    const std::filesystem::path place = std::filesystem::path{reflink} / "dunnage-bench";
    std::filesystem::create_directories(place);
    Bench bench{place};
    make_small_files(place / "small");
    bench.measure("reflink: 50,000 files, 195 MiB", place / "small", "--reflink=always", rounds, 50'000);
    make_one_file(place / "one");
    bench.measure("reflink: 1 GiB, cp --reflink", place / "one", "--reflink=always", rounds, 0);
    bench.measure("reflink: 1 GiB, cp without", place / "one", "--reflink=never", rounds, 0);
    run("rm -rf '" + place.string() + "'");
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
