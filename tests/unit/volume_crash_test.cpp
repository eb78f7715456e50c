// SPDX-License-Identifier: Apache-2.0
#include "unit/volume_support.hpp"

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"

#include <fcntl.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <iterator>
#include <random>
#include <set>
#include <thread>

using namespace dunnage;
using kernel::FileDescriptor;
using test::entries_of;
using test::TemporaryStore;

namespace {

constexpr char kCreate = 'c';
constexpr char kRemove = 'r';
constexpr char kDone = '.';

void tell(int fd, char verb, char name) {
  const char record[2] = {verb, name};
  if (::write(fd, record, sizeof record) != sizeof record) ::_exit(2);
}

/// Creates and removes for ever, and tells before and after each.
[[noreturn]] void keep_busy(const std::filesystem::path& root, std::set<char> present, unsigned seed, int report) {
  VolumeStore store = VolumeStore::open(root);
  std::minstd_rand random{seed};
  while (true) {
    const char name = static_cast<char>('a' + random() % 6);
    const std::string text(1, name);
    if (present.erase(name) > 0) {
      tell(report, kRemove, name);
      store.remove(text);
    } else {
      tell(report, kCreate, name);
      std::ofstream{store.create(text, {.labels = {{"of", text}}}).mountpoint() / "file"} << text;
      present.insert(name);
    }
    tell(report, kDone, name);
  }
}

std::string read_to_end(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = ::read(fd, buffer, sizeof buffer);
    if (got <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(got));
  }
}

/// What one creation and one removal take on this disk; a kill must come soon after, but not always before the first.
std::chrono::microseconds time_of_one_round(VolumeStore& store) {
  const auto begin = std::chrono::steady_clock::now();
  for (int round = 0; round < 5; ++round) {
    store.create("probe");
    store.remove("probe");
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin) / 5;
}

/// What must be there, and the name about which both answers are right.
struct Expectation {
  std::set<char> present;
  char open = 0;
};

void apply(const std::string& told, Expectation& expectation) {
  REQUIRE(told.size() % 2 == 0);
  char verb = 0;
  for (std::size_t index = 0; index < told.size(); index += 2) {
    const char name = told[index + 1];
    if (told[index] != kDone) {
      verb = told[index];
      expectation.open = name;
    } else {
      verb == kCreate ? (void)expectation.present.insert(name) : (void)expectation.present.erase(name);
      expectation.open = 0;
    }
  }
}

}  // namespace

TEST_CASE("a process killed at any moment leaves the store whole", "[volume][crash]") {
  TemporaryStore temporary;
  std::mt19937 random{20240229};
  auto longest = 3 * time_of_one_round(temporary.store) + std::chrono::microseconds{1000};
  Expectation expectation;
  std::size_t acknowledged = 0;
  int interrupted = 0;
  // on a busy machine some processes are killed before they have done anything: then there are more of them
  const auto enough = [&] { return acknowledged > 20 && interrupted > 10; };
  for (int round = 0; round < 80 || (round < 800 && !enough()); ++round) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    const FileDescriptor reading{ends[0]};
    FileDescriptor writing{ends[1]};
    const pid_t child = test::start_process(
        [&] { keep_busy(temporary.root, expectation.present, random() % 1000 + 1, writing.get()); });
    writing.reset();
    std::this_thread::sleep_for(longest * (random() % 1000) / 1000);
    REQUIRE(::kill(child, SIGKILL) == 0);
    REQUIRE(WIFSIGNALED(test::wait_for(child)));
    const std::string told = read_to_end(reading.get());
    if (told.empty() && longest < std::chrono::milliseconds{500}) longest += longest / 8;
    acknowledged += static_cast<std::size_t>(std::count(told.begin(), told.end(), kDone));
    apply(told, expectation);

    const VolumeStore store = VolumeStore::open(temporary.root);
    CHECK(store.damaged().empty());
    CHECK(entries_of(temporary.root / "staging").empty());
    CHECK(entries_of(temporary.root / "trash").empty());
    std::set<char> found;
    for (const Volume& volume : store.list()) {
      found.insert(volume.name().front());
      CHECK(volume.labels() == Labels{{"of", volume.name()}});
      CHECK(std::filesystem::is_directory(volume.mountpoint()));
    }
    if (expectation.open != 0) {
      ++interrupted;
      const bool is_there = found.count(expectation.open) > 0;
      is_there ? (void)expectation.present.insert(expectation.open) : (void)expectation.present.erase(expectation.open);
      expectation.open = 0;
    }
    REQUIRE(found == expectation.present);
  }
  CHECK(enough());  // else nothing was tested
}

TEST_CASE("what a living process is making is not swept", "[volume][crash]") {
  TemporaryStore temporary;
  std::thread sweeper;
  std::atomic<bool> stop{false};
  std::atomic<int> sweeps{0};
  sweeper = std::thread{[&] {
    while (!stop) {
      (void)VolumeStore::open(temporary.root);
      ++sweeps;
    }
  }};
  int made = 0;
  std::string problem;
  try {
    for (; made < 60 || (sweeps == 0 && made < 10'000); ++made) temporary.store.create("v" + std::to_string(made));
  } catch (const std::exception& error) {
    problem = error.what();
  }
  stop = true;
  sweeper.join();
  CHECK(problem == "");
  CHECK(sweeps > 0);
  CHECK(temporary.store.list().size() == static_cast<std::size_t>(made));
  CHECK(temporary.store.damaged().empty());
}
