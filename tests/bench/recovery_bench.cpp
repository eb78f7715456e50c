// SPDX-License-Identifier: Apache-2.0
// What a store costs whose users were killed (R3, R6): processes that clone, remove and create volumes are killed at
// any moment until so many leftovers lie in it; then another process opens it, which sweeps them, checks it, and
// creates a volume. Beside it the same store once more, with nothing left to sweep, and what
// std::filesystem::remove_all() takes to delete a copy of the leftovers.
//
//     recovery_bench [LEFTOVERS [DIRECTORY]]

#include <dunnage/dunnage.hpp>

#include "bench/stopwatch.hpp"
#include "support/temporary_directory.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>

namespace {

namespace fs = std::filesystem;

using dunnage::VolumeStore;
using dunnage::bench::seconds_of;

constexpr int kFiles = 20;  ///< in each volume

long entries_of(const fs::path& directory) {
  std::error_code missing;
  return std::distance(fs::directory_iterator{directory, missing}, {});
}

/// Stages of what was not published, and what was removed and is not deleted yet.
long leftovers_in(const fs::path& store) { return entries_of(store / "staging") + entries_of(store / "trash"); }

void make_source(VolumeStore& store) {
  const dunnage::Volume source = store.create("source");
  for (int number = 0; number < kFiles; ++number) {
    std::ofstream{source.mountpoint() / std::to_string(number)} << std::string(4096, 'x');
  }
}

/// What a process does until it is killed.
[[noreturn]] void work_on(VolumeStore& store) {
  try {
    for (int number = 0;; ++number) {
      const std::string name = "v" + std::to_string(::getpid()) + "-" + std::to_string(number);
      (void)store.clone("source", name);
      store.remove(name);
      store.create(name + "-stays");
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
  }
  std::_Exit(1);
}

/// Kills one process after the other. They have the store open from before: who opens it sweeps what the others have
/// left.
void leave(VolumeStore& store, long wanted) {
  std::mt19937 random{7};
  while (leftovers_in(store.root()) < wanted) {
    const pid_t process = ::fork();
    if (process == 0) work_on(store);
    std::this_thread::sleep_for(std::chrono::microseconds{500 + random() % 4'000});
    (void)::kill(process, SIGKILL);
    (void)::waitpid(process, nullptr, 0);
  }
}

/// Files and directories, all the way down.
long all_entries_of(const fs::path& directory) {
  return std::distance(fs::recursive_directory_iterator{directory}, fs::recursive_directory_iterator{});
}

/// Beside the store, so on the same disk. \return what deleting them takes
double delete_copy(const fs::path& store) {
  const fs::path copy = store.native() + "-copy";
  fs::create_directory(copy);
  for (const char* part : {"staging", "trash"}) fs::copy(store / part, copy / part, fs::copy_options::recursive);
  ::sync();
  return seconds_of([&] { fs::remove_all(copy); });
}

struct Times {
  double open = 0;
  double check = 0;
  double create = 0;
};

Times measure(const fs::path& path, const std::string& name) {
  Times times;
  times.open = seconds_of([&] { (void)VolumeStore::open(path); });
  VolumeStore store = VolumeStore::open(path);
  times.check = seconds_of([&] { (void)store.check(); });
  times.create = seconds_of([&] { store.create(name); });
  return times;
}

void show(const char* when, const Times& times) {
  std::printf("%-22s open %8.1f ms, check %8.1f ms, create %6.2f ms\n", when, times.open * 1e3, times.check * 1e3,
              times.create * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  const long wanted = argc > 1 ? std::atol(argv[1]) : 1000;
  const dunnage::test::TemporaryDirectory directory;
  const fs::path path = argc > 2 ? fs::path{argv[2]} : directory.path() / "store";
  {
    VolumeStore store = VolumeStore::open(path);
    make_source(store);
    leave(store, wanted);
  }
  const long entries = all_entries_of(path / "staging") + all_entries_of(path / "trash");
  std::printf("%ld leftovers with %ld files and directories, beside %ld volumes\n", leftovers_in(path), entries,
              entries_of(path / "volumes"));
  const double floor = delete_copy(path);
  const Times first = measure(path, "after-sweep");
  show("with leftovers", first);
  const long stay = leftovers_in(path);
  const Times second = measure(path, "as-ever");
  show("once more", second);
  const double sweep = first.open - second.open;
  std::printf("%ld stay; 1000 files and directories take %.1f ms, %.2f x deleting a copy of them\n", stay,
              sweep * 1e6 / static_cast<double>(entries), sweep / floor);
  return stay == 0 ? 0 : 1;
}
