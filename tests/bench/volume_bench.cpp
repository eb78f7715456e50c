// SPDX-License-Identifier: Apache-2.0
// The store's verbs beside the fewest system calls that could do the same. Each iteration measures both, one right
// after the other, so that a busy machine slows both; `ratio` is the median of the pairs. Run it with TMPDIR on the
// disk that is of interest.

#include <dunnage/volume_store.hpp>

#include "kernel/file_descriptor.hpp"
#include "support/temporary_directory.hpp"
#include "volume/metadata.hpp"

#include <benchmark/benchmark.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using dunnage::VolumeStore;
using dunnage::kernel::FileDescriptor;
using dunnage::test::TemporaryDirectory;

void check(bool good, const char* what) {
  if (!good) throw std::runtime_error{what};
}

FileDescriptor open_directory(const std::filesystem::path& path) {
  FileDescriptor directory{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  check(static_cast<bool>(directory), "open directory");
  return directory;
}

void write_file(int directory, const char* name, const std::string& text, bool durable) {
  const FileDescriptor file{::openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  check(file && ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()), "write");
  check(!durable || ::fsync(file.get()) == 0, "fsync");
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2), values.end());
  return values[values.size() / 2];
}

/// Pairs of durations and what follows from them.
class Pairs {
 public:
  template <typename Floor, typename Ours>
  void measure(benchmark::State& state, Floor&& floor, Ours&& ours) {
    // Who comes second finds the caches warm; so they take turns.
    const bool floor_first = ours_.size() % 2 == 0;
    if (floor_first) floor_.push_back(time(floor));
    ours_.push_back(time(ours));
    if (!floor_first) floor_.push_back(time(floor));
    ratio_.push_back(ours_.back() / floor_.back());
    state.SetIterationTime(ours_.back());
  }

  void report(benchmark::State& state) const {
    state.counters["floor_us"] = median(floor_) * 1e6;
    state.counters["ours_us"] = median(ours_) * 1e6;
    state.counters["ratio"] = median(ratio_);
  }

 private:
  template <typename Work>
  static double time(Work&& work) {
    const auto begin = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }

  std::vector<double> floor_;
  std::vector<double> ours_;
  std::vector<double> ratio_;
};

/// A store with volumes that were not synced one by one.
class FilledStore {
 public:
  explicit FilledStore(int count) {
    const FileDescriptor volumes = open_directory(store.root() / "volumes");
    for (int index = 0; index < count; ++index) {
      dunnage::VolumeInfo info;
      info.name = "volume-" + std::to_string(index);
      info.created_at = std::chrono::system_clock::now();
      info.labels = {{"app", "shop"}, {"com.example.tier", "front"}};
      check(::mkdirat(volumes.get(), info.name.c_str(), 0700) == 0, "mkdir");
      const FileDescriptor volume{::openat(volumes.get(), info.name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
      write_file(volume.get(), "metadata", dunnage::volume::encode_metadata(info).value(), false);
    }
  }

 private:
  TemporaryDirectory directory_;

 public:
  VolumeStore store = VolumeStore::open(directory_.path() / "store");
};

FilledStore& filled_store(int count) {
  static std::map<int, FilledStore> stores;
  return stores.try_emplace(count, count).first->second;
}

std::size_t floor_read(int directory, const char* path) {
  char buffer[4096];
  const int file = ::openat(directory, path, O_RDONLY | O_CLOEXEC);
  const ssize_t got = ::read(file, buffer, sizeof buffer);
  ::close(file);
  check(got > 0, "read");
  benchmark::DoNotOptimize(buffer);
  return static_cast<std::size_t>(got);
}

void list_volumes(benchmark::State& state) {
  const auto count = static_cast<int>(state.range(0));
  const VolumeStore& store = filled_store(count).store;
  const std::string volumes = (store.root() / "volumes").string();
  Pairs pairs;
  for (auto _ : state) {
    pairs.measure(
        state,
        [&] {
          DIR* stream = ::opendir(volumes.c_str());
          std::string path;
          std::size_t bytes = 0;
          while (const dirent* entry = ::readdir(stream)) {
            if (entry->d_name[0] == '.') continue;
            path.assign(entry->d_name).append("/metadata");
            bytes += floor_read(::dirfd(stream), path.c_str());
          }
          ::closedir(stream);
          benchmark::DoNotOptimize(bytes);
        },
        [&] { check(store.list().size() == static_cast<std::size_t>(count), "list"); });
  }
  pairs.report(state);
}
BENCHMARK(list_volumes)->Arg(100)->Arg(10000)->UseManualTime()->Unit(benchmark::kMicrosecond);

void get_volume(benchmark::State& state) {
  const VolumeStore& store = filled_store(static_cast<int>(state.range(0))).store;
  const FileDescriptor volumes = open_directory(store.root() / "volumes");
  Pairs pairs;
  for (auto _ : state) {
    pairs.measure(
        state, [&] { benchmark::DoNotOptimize(floor_read(volumes.get(), "volume-77/metadata")); },
        [&] { benchmark::DoNotOptimize(store.get("volume-77")); });
  }
  pairs.report(state);
}
BENCHMARK(get_volume)->Arg(10000)->UseManualTime()->Unit(benchmark::kMicrosecond);

/// A directory for the data and one record, durable with its name.
void floor_create(int parent, const std::string& name, const std::string& record) {
  check(::mkdirat(parent, name.c_str(), 0700) == 0, "mkdir");
  const FileDescriptor directory{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  check(::mkdirat(directory.get(), "_data", 0755) == 0, "mkdir");
  write_file(directory.get(), "metadata", record, true);
  check(::fsync(directory.get()) == 0 && ::fsync(parent) == 0, "fsync");
}

void floor_remove(int parent, const std::string& name) {
  check(::renameat(parent, name.c_str(), parent, "removed") == 0 && ::fsync(parent) == 0, "remove");
  check(::unlinkat(parent, "removed/metadata", 0) == 0 && ::unlinkat(parent, "removed/_data", AT_REMOVEDIR) == 0 &&
            ::unlinkat(parent, "removed", AT_REMOVEDIR) == 0,
        "remove");
}

enum class Verb { Create, Remove };

void create_and_remove(benchmark::State& state, Verb verb) {
  const TemporaryDirectory directory;
  VolumeStore store = VolumeStore::open(directory.path() / "store");
  const FileDescriptor floor = open_directory(directory.make("floor"));
  const std::string record(200, 'x');
  Pairs pairs;
  for (auto _ : state) {
    const auto make_floor = [&] { floor_create(floor.get(), "v", record); };
    const auto make_ours = [&] { (void)store.create("v"); };
    const auto remove_floor = [&] { floor_remove(floor.get(), "v"); };
    const auto remove_ours = [&] { store.remove("v"); };
    if (verb == Verb::Create) {
      pairs.measure(state, make_floor, make_ours);
      remove_floor(), remove_ours();
    } else {
      make_floor(), make_ours();
      pairs.measure(state, remove_floor, remove_ours);
    }
  }
  pairs.report(state);
}
BENCHMARK_CAPTURE(create_and_remove, create, Verb::Create)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(create_and_remove, remove, Verb::Remove)->UseManualTime()->Unit(benchmark::kMicrosecond);

}  // namespace

BENCHMARK_MAIN();
