// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/use.hpp"

#include <fcntl.h>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <cstdio>
#include <new>
#include <random>
#include <thread>

using namespace dunnage;
using test::entries_of;
using test::TemporaryStore;

namespace {

constexpr int kProcesses = 8;
constexpr int kNames = 12;

std::string name_of(int index) { return "v" + std::to_string(index); }

/// Counters that forked processes share.
struct Tally {
  std::atomic<int> waiting{0};
  std::array<std::atomic<int>, kNames> created{};
  std::array<std::atomic<int>, kNames> removed{};
};

class SharedTally {
 public:
  SharedTally() : memory_{::mmap(nullptr, sizeof(Tally), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)} {
    REQUIRE(memory_ != MAP_FAILED);
    tally_ = new (memory_) Tally{};
  }
  SharedTally(const SharedTally&) = delete;
  SharedTally& operator=(const SharedTally&) = delete;
  ~SharedTally() { (void)::munmap(memory_, sizeof(Tally)); }
  Tally* operator->() const { return tally_; }

 private:
  void* memory_;
  Tally* tally_ = nullptr;
};

/// Starts `work` in all processes at once, each with a store of its own making.
void run_together(const SharedTally& tally, const std::filesystem::path& root,
                  const std::function<void(VolumeStore&, int)>& work) {
  tally->waiting = 0;
  std::vector<pid_t> processes;
  for (int number = 0; number < kProcesses; ++number) {
    processes.push_back(test::start_process([&, number] {
      ++tally->waiting;
      while (tally->waiting < kProcesses) std::this_thread::yield();
      VolumeStore store = VolumeStore::open(root);
      work(store, number);
    }));
  }
  for (const pid_t process : processes) CHECK(test::wait_for(process) == 0);
}

bool create_one(VolumeStore& store, const std::string& name) {
  try {
    store.create(name);
    return true;
  } catch (const VolumeError& error) {
    if (error.code() != errc::volume_exists) throw;
    return false;
  }
}

bool remove_one(VolumeStore& store, const std::string& name) {
  try {
    store.remove(name);
    return true;
  } catch (const VolumeError& error) {
    if (error.code() != errc::volume_missing) throw;
    return false;
  }
}

}  // namespace

TEST_CASE("a store that many make at once is whole for each of them", "[volume][concurrency]") {
  constexpr int kThreads = 8;
  constexpr int kRounds = 150;
  const test::TemporaryDirectory directory;
  std::atomic<int> waiting{0};
  std::atomic<int> refused{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&] {
      for (int round = 0; round < kRounds; ++round) {
        ++waiting;
        while (waiting < (round + 1) * kThreads) std::this_thread::yield();
        try {
          (void)VolumeStore::open(directory.path() / std::to_string(round));
        } catch (const Error& error) {
          std::printf("%s\n", error.what());
          ++refused;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(refused == 0);
  CHECK(entries_of(directory.path() / "0") ==
        std::vector<std::string>{"containers", "staging", "trash", "version", "volumes"});
}

TEST_CASE("of processes that open, create and remove at once, exactly one wins each time", "[volume][concurrency]") {
  test::TemporaryDirectory directory;
  const auto root = directory.path() / "not" / "yet" / "there";
  SharedTally tally;
  run_together(tally, root, [&](VolumeStore& store, int) {
    for (int index = 0; index < kNames; ++index) tally->created[index] += create_one(store, name_of(index)) ? 1 : 0;
  });
  for (int index = 0; index < kNames; ++index) CHECK(tally->created[index] == 1);
  VolumeStore store = VolumeStore::open(root);
  CHECK(store.list().size() == kNames);

  run_together(tally, root, [&](VolumeStore& mine, int) {
    for (int index = 0; index < kNames; ++index) tally->removed[index] += remove_one(mine, name_of(index)) ? 1 : 0;
  });
  for (int index = 0; index < kNames; ++index) CHECK(tally->removed[index] == 1);
  CHECK(store.list().empty());
  CHECK(entries_of(root / "staging").empty());
  CHECK(entries_of(root / "trash").empty());
}

TEST_CASE("creations and removals of one name alternate, whoever does them", "[volume][concurrency]") {
  TemporaryStore temporary;
  SharedTally tally;
  run_together(tally, temporary.root, [&](VolumeStore& store, int number) {
    std::minstd_rand random{static_cast<unsigned>(number) + 1};
    for (int round = 0; round < 40; ++round) {
      const int index = static_cast<int>(random() % 3);
      if (random() % 2 == 0) {
        tally->created[index] += create_one(store, name_of(index)) ? 1 : 0;
      } else {
        tally->removed[index] += remove_one(store, name_of(index)) ? 1 : 0;
      }
      if (random() % 8 == 0) (void)VolumeStore::open(temporary.root);  // sweeps what others are making, or must not
    }
  });
  for (int index = 0; index < 3; ++index) {
    CAPTURE(index);
    CHECK(tally->created[index] - tally->removed[index] == (temporary.store.find(name_of(index)) ? 1 : 0));
  }
  CHECK(temporary.store.damaged().empty());
}

TEST_CASE("threads share one store", "[volume][concurrency]") {
  TemporaryStore temporary;
  std::array<std::atomic<int>, kNames> created{};
  std::atomic<int> failures{0};
  std::vector<std::thread> threads;
  for (int number = 0; number < kProcesses; ++number) {
    threads.emplace_back([&] {
      try {
        for (int index = 0; index < kNames; ++index) {
          created[index] += create_one(temporary.store, name_of(index)) ? 1 : 0;
          (void)temporary.store.list();
        }
      } catch (const std::exception&) {
        ++failures;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(failures == 0);
  for (int index = 0; index < kNames; ++index) CHECK(created[index] == 1);
}

TEST_CASE("a volume that is looked for while it is made is missing or whole, never damaged", "[volume][concurrency]") {
  TemporaryStore temporary;
  constexpr int kRounds = 300;
  std::atomic<bool> finished{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int count = 0; count < 3; ++count) {
    readers.emplace_back([&] {
      while (!finished) {
        try {
          (void)temporary.store.find("v");
        } catch (const VolumeError&) {
          ++wrong;
        }
      }
    });
  }
  for (int round = 0; round < kRounds; ++round) {
    temporary.store.create("v");
    temporary.store.remove("v");
  }
  finished = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
}

TEST_CASE("a volume is either used or removed, never both", "[volume][concurrency]") {
  TemporaryStore temporary;
  SharedTally tally;
  run_together(tally, temporary.root, [&](VolumeStore& store, int number) {
    const std::string id = "c" + std::to_string(number);
    for (int round = 0; round < 30; ++round) {
      try {
        if (number % 2 == 0) {
          store.get_or_create("v");
          const auto use = volume::VolumeUse::acquire(temporary.root, "v", id, id);
          // While it is used its directory stays at its name, so the data that is written is not lost.
          const kernel::FileDescriptor file{::openat(use.data_fd(), id.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600)};
          std::this_thread::sleep_for(std::chrono::microseconds{200});
          if (!file || !std::filesystem::exists(store.get("v").mountpoint() / id)) {
            throw std::runtime_error{"the volume went away under its user"};
          }
        } else {
          store.remove("v");
        }
      } catch (const VolumeError& error) {
        if (error.code() != errc::volume_missing && error.code() != errc::volume_in_use) throw;
      }
    }
  });
  CHECK(temporary.store.damaged().empty());
}
