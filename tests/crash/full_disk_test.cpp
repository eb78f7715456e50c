// SPDX-License-Identifier: Apache-2.0
// A disk with less and less space, or inodes, left: each call is done, or says that there is no space and has changed
// nothing; and what removes something works when nothing at all is left.

#include "crash/bench.hpp"
#include "crash/places.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

/// What takes the space of a disk, all but a little.
class Filler {
 public:
  explicit Filler(fs::path place) : directory_{std::move(place) / "filler"} { fs::create_directory(directory_); }
  Filler(const Filler&) = delete;
  Filler& operator=(const Filler&) = delete;
  ~Filler() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  void leave_blocks(off_t blocks) const {
    constexpr off_t kBlock = 4096;
    const int file = ::open((directory_ / "space").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) throw std::runtime_error{"open"};
    off_t length = 0;
    for (off_t step = 256 * kBlock; step >= kBlock; step /= 4) {
      while (::fallocate(file, 0, length, step) == 0) length += step;
    }
    const bool good = ::ftruncate(file, length - blocks * kBlock) == 0;
    ::close(file);
    if (!good) throw std::runtime_error{"ftruncate"};
  }

  void leave_inodes(int inodes) const {
    int made = 0;
    while (std::ofstream{directory_ / std::to_string(made)}) ++made;
    for (int number = 0; number < inodes; ++number) fs::remove(directory_ / std::to_string(number));
  }

 private:
  fs::path directory_;
};

bool takes_away(const StoreOperation& operation) {
  return operation.name.starts_with("remove") || operation.name.starts_with("prune") ||
         operation.name.starts_with("purge") || operation.name.starts_with("discard");
}

/// And what to do: of a descriptor of the caller's nobody knows on which disk it is.
bool says_that_it_is_full(const std::string& words) {
  return words.find("[ENOSPC]; free space or inodes") != std::string::npos ||
         words.find("[ENOSPC]; look at what the archive is written to") != std::string::npos;
}

void starve(const Bench& bench, bool space, int left) {
  TracedRun run;
  {
    const Filler filler{bench.place()};
    space ? filler.leave_blocks(left) : filler.leave_inodes(left);
    run = bench.run({});
  }
  const Verdict verdict = verdict_of(run);
  CAPTURE(space, left, static_cast<int>(verdict), run.words);
  const std::string state = bench.state();
  if (verdict == Verdict::Done) {
    REQUIRE(state == bench.after());
  } else {
    REQUIRE(verdict == Verdict::Refused);
    REQUIRE_FALSE(takes_away(bench.operation()));
    REQUIRE(says_that_it_is_full(run.words));
    if (bench.operation().resumes) {
      REQUIRE(bench.strange_lines(state) == "");
    } else {
      REQUIRE(bench.is_undone(state, bench.operation().steps));
    }
  }
  if (bench.operation().adds) bench.reset();
  REQUIRE(bench.retry(state == bench.after()) == "");
  bench.reset();
}

/// In memory, and on an ext4 where somebody asks for that.
std::vector<std::string> kinds_of_disks() {
  std::vector<std::string> kinds{"small memory"};
  const char* asked = std::getenv("DUNNAGE_CRASH_FILE_SYSTEMS");
  if (asked != nullptr && std::string{asked}.find("ext4") != std::string::npos) kinds.emplace_back("small ext4");
  return kinds;
}

void starve_each(const std::vector<StoreOperation>& operations, std::initializer_list<int> amounts) {
  if (!requires_root() || !requires_tracing()) return;
  for (const std::string& kind : kinds_of_disks()) {
    for (const StoreOperation& operation : operations) {
      const auto place = make_place(kind);
      CAPTURE(kind, operation.name);
      const Bench bench{operation, place->path()};
      for (const int left : amounts) {
        starve(bench, true, left);
        starve(bench, false, left);
      }
    }
  }
}

}  // namespace

TEST_CASE("T-4: on a full disk each call is done or undone, says why, and whatever removes something works",
          "[crash]") {
  starve_each(all_operations(), {0, 1, 2, 4, 7, 12});
}

TEST_CASE("T-4: on a full disk each call on a transaction is done, undone, or to be done by the next call", "[crash]") {
  starve_each(transaction_operations(), {0, 1, 2, 4, 7, 12});
}

TEST_CASE("T-4: on a full disk each copy leaves each file as it was or as it is to be, and says why", "[crash][cp]") {
  starve_each(copy_operations(), {0, 1, 2, 4});
}

TEST_CASE("T-4: on a full disk the limit of a volume is as it was or as it is to be", "[crash]") {
  if (!requires_program("mkfs.ext4")) return;
  starve_each(limit_operations(), {0, 2, 7});
}

}  // namespace dunnage::test
