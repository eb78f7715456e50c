// SPDX-License-Identifier: Apache-2.0
// Exports and imports of volumes beside tar(1), plain and by zstd(1), on the same trees, in turns, so that a busy
// machine slows both. Each ends when what it wrote is on the disk. Run it with TMPDIR on the disk that is of interest.

#include <dunnage/volume_store.hpp>

#include "bench/statistics.hpp"
#include "bench/stopwatch.hpp"
#include "support/temporary_directory.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace {

using dunnage::ArchiveCompression;
using dunnage::VolumeStore;
using dunnage::bench::median;
using dunnage::bench::run;
using dunnage::bench::seconds_of;

/// Text that packs about as well as logs do.
std::string words(std::size_t size, unsigned seed) {
  std::mt19937 numbers{seed};
  std::string text;
  while (text.size() < size)
    text += "request " + std::to_string(numbers() % 5000) + " took " + std::to_string(numbers() % 90) + " ms\n";
  text.resize(size);
  return text;
}

void make_many(const std::filesystem::path& top) {
  for (int file = 0; file < 20'000; ++file) {
    const auto path = top / ("d" + std::to_string(file % 200));
    std::filesystem::create_directories(path);
    std::ofstream{path / std::to_string(file), std::ios::binary} << words(4096, static_cast<unsigned>(file));
  }
}

void make_one(const std::filesystem::path& top) {
  std::ofstream file{top / "file", std::ios::binary};
  for (unsigned part = 0; part < 512; ++part) file << words(std::size_t{1} << 20U, part);
}

class Bench {
 public:
  explicit Bench(const std::filesystem::path& place) : place_{place}, store_{VolumeStore::open(place / "store")} {}

  void measure(const std::string& name, const std::function<void(const std::filesystem::path&)>& make, int rounds) {
    const std::filesystem::path data = store_.create("data").mountpoint();
    make(data);
    for (const auto packed : {ArchiveCompression::None, ArchiveCompression::Zstd}) {
      std::vector<double> out, in, tar_out, tar_in;
      for (int round = 0; round < rounds; ++round) {
        out.push_back(timed([&] { (void)store_.export_to("data", place_ / "ours", {.compression = packed}); }));
        tar_out.push_back(timed([&] { tar("-C " + data.string() + " -cf " + file("theirs", packed) + " ."); }));
        in.push_back(timed([&] { (void)store_.import_from(place_ / "ours", "again"); }));
        store_.remove("again");
        std::filesystem::create_directory(place_ / "again");
        tar_in.push_back(timed([&] { tar("-C " + (place_ / "again").string() + " -xf " + file("theirs", packed)); }));
        std::filesystem::remove_all(place_ / "again");
      }
      print(name, packed, "export", out, tar_out);
      print(name, packed, "import", in, tar_in);
      for (const char* made : {"ours", "theirs", "theirs.zst"}) std::filesystem::remove(place_ / made);
    }
    store_.remove("data");
  }

 private:
  [[nodiscard]] std::string file(const std::string& name, ArchiveCompression packed) const {
    return (place_ / name).string() + (packed == ArchiveCompression::Zstd ? ".zst" : "");
  }
  void tar(const std::string& words) const {
    run("tar --numeric-owner --sort=name --xattrs --acls --sparse --format=pax --auto-compress " + words);
    run("sync -f '" + place_.string() + "'");
  }
  double timed(const std::function<void()>& work) const {
    run("sync -f '" + place_.string() + "'");
    return seconds_of(work);
  }
  static void print(const std::string& name, ArchiveCompression packed, const char* verb,
                    const std::vector<double>& ours, const std::vector<double>& theirs) {
    std::printf("%-22s %-6s %-5s ours %7.3f s   tar %7.3f s   ratio %5.2f\n", name.c_str(), verb,
                std::string{to_string(packed)}.c_str(), median(ours), median(theirs), median(theirs) / median(ours));
    std::fflush(stdout);
  }

  std::filesystem::path place_;
  VolumeStore store_;
};

}  // namespace

int main(int argc, char** argv) try {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 5;
  const dunnage::test::TemporaryDirectory directory;
  Bench bench{directory.path()};
  bench.measure("20,000 files, 78 MiB", make_many, rounds);
  bench.measure("512 MiB in one file", make_one, rounds);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
