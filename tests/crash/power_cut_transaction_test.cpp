// SPDX-License-Identifier: Apache-2.0
// The power is cut while transactions are begun, applied and discarded. What was acknowledged is done, in the source as
// in the store; an apply that was not is finished by the next one, and until then every file of the source is the old
// or the new one.

#include "crash/bench.hpp"
#include "crash/power_cuts.hpp"
#include "crash/store_state.hpp"
#include "crash/told_stages.hpp"
#include "kernel/file_descriptor.hpp"
#include "support/catch.hpp"
#include "support/requires.hpp"

#include <dunnage/error.hpp>
#include <dunnage/store_check.hpp>
#include <dunnage/transaction.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace dunnage::test {
namespace {

namespace fs = std::filesystem;

enum Stage { kSource = 1, kBegun, kWritten, kEnded };
enum class End { Applied, AppliedInPart, Discarded };

End end_of(int number) { return static_cast<End>(number % 3); }
std::string name_of(int number) { return "t" + std::to_string(number); }
fs::path source_of(const fs::path& top, int number) { return top / "sources" / std::to_string(number); }
TransactionStore store_on(const fs::path& top) { return TransactionStore::open(top / "store"); }

const TransactionFilter kPart{.include = {"d", "n"}};

constexpr int kNewFiles = 12;

void write_file(const fs::path& file, char letter) {
  constexpr std::size_t kMoreThanABlock = 5'000;
  fs::create_directories(file.parent_path());
  std::ofstream{file} << std::string(kMoreThanABlock, letter);
}

void require(bool done, const char* what) {
  if (!done) throw std::system_error{errno, std::generic_category(), what};
}

void sync_all(const fs::path& directory) {
  const kernel::FileDescriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  require(opened && ::syncfs(opened.get()) == 0, "syncfs");
}

void make_new_directories(const fs::path& top) {
  ::chmod((top / "d").c_str(), 0750);
  for (int file = 0; file < kNewFiles; ++file) write_file(top / "n/m" / std::to_string(file), 'n');
  fs::create_hard_link(top / "n/m/0", top / "n/l");
}

void make_old(const fs::path& source) {
  for (const char* file : {"a", "d/b", "d/gone", "r/x"}) write_file(source / file, 'o');
}

/// What the source is to be: of all, or of kPart.
void make_new(const fs::path& source, bool whole) {
  for (const char* file : {"a", "r/x"}) write_file(source / file, whole ? 'n' : 'o');
  write_file(source / "d/b", 'n');
  make_new_directories(source);
  if (!whole) return;
  fs::remove_all(source / "r");
  write_file(source / "r", 'n');
}

/// As an overlay writes it.
void write_changes(const fs::path& upper) {
  for (const char* file : {"a", "d/b", "r"}) write_file(upper / file, 'n');
  require(::mknod((upper / "d/gone").c_str(), S_IFCHR, 0) == 0, "mknod");
  make_new_directories(upper);
}

std::set<std::string> lines_of(const std::vector<TransactionChange>& changes) {
  std::set<std::string> lines;
  for (const TransactionChange& change : changes) lines.insert(std::string{to_string(change.kind)} + ' ' + change.path);
  return lines;
}

const std::set<std::string> kRest{"modified a", "replaced r", "deleted r/x"};

std::set<std::string> all_changes() {
  std::set<std::string> all{"metadata d", "modified d/b", "deleted d/gone", "added n", "added n/l", "added n/m"};
  for (int file = 0; file < kNewFiles; ++file) all.insert("added n/m/" + std::to_string(file));
  all.insert(kRest.begin(), kRest.end());
  return all;
}

void apply(const Transaction& trial, End how) {
  (void)trial.apply({.filter = how == End::AppliedInPart ? kPart : TransactionFilter{}});
}

[[noreturn]] void keep_trying(const fs::path& top, const Report& report, int first) {
  TransactionStore store = store_on(top);
  for (int number = first;; ++number) {
    const fs::path source = source_of(top, number);
    do_stage(report, number, kSource, [&] {
      make_old(source);
      sync_all(source);
    });
    do_stage(report, number, kBegun, [&] { (void)store.begin(source, name_of(number)); });
    const Transaction trial = store.get(name_of(number));
    do_stage(report, number, kWritten, [&] {
      write_changes(trial.info().upper);
      sync_all(trial.info().upper);
    });
    do_stage(report, number, kEnded,
             [&] { end_of(number) == End::Discarded ? trial.discard() : apply(trial, end_of(number)); });
  }
}

using Tree = std::map<std::string, std::string>;

/// Mode and content by path.
Tree tree_of_source(const fs::path& source) {
  Tree tree;
  std::istringstream lines{content_of(source)};
  std::string path;
  for (std::string rest; lines >> path && std::getline(lines, rest);) tree[path] = rest;
  return tree;
}

/// Each path is as in one of the two.
std::string torn_paths(const Tree& found, const Tree& old, const Tree& changed) {
  std::set<std::string> paths;
  for (const Tree* tree : {&found, &old, &changed}) {
    for (const auto& [path, content] : *tree) paths.insert(path);
  }
  std::string torn;
  const auto in = [](const Tree& tree, const std::string& path) {
    const auto at = tree.find(path);
    return at == tree.end() ? std::string{"(none)"} : at->second;
  };
  for (const std::string& path : paths) {
    const std::string now = in(found, path);
    if (path.starts_with(".dunnage-apply-")) continue;
    if (now != in(old, path) && now != in(changed, path)) torn += path + now.substr(0, 40) + "; ";
  }
  return torn;
}

/// What was left of them on a disk.
class Inspection {
 public:
  explicit Inspection(const fs::path& top) : top_{top}, store_{store_on(top)} {
    const fs::path scratch = top / "wanted";
    make_old(scratch / "old");
    make_new(scratch / "whole", true);
    make_new(scratch / "part", false);
    old_ = tree_of_source(scratch / "old");
    whole_ = tree_of_source(scratch / "whole");
    part_ = tree_of_source(scratch / "part");
    fs::remove_all(scratch);
  }

  void inspect(int number, const Reached& reached) {
    complaints_.trying(name_of(number), [&] {
      const auto trial = store_.find(name_of(number));
      const bool may_be_gone = end_of(number) == End::Discarded && reached.maybe(kEnded);
      say(number, trial.has_value() ? reached.maybe(kBegun) : !reached.surely(kBegun) || may_be_gone,
          trial ? "is there" : "is not there");
      if (end_of(number) == End::Discarded || !reached.maybe(kEnded)) {
        say(number, !reached.surely(kSource) || source(number) == old_, "its source was touched");
      }
      if (trial) inspect(number, reached, *trial);
    });
  }

  std::string end() {
    const StoreReport report = check_store(top_ / "store", {.grace = std::chrono::seconds{0}});
    complaints_.require(report.is_clean(), report.to_string());
    for (const char* place : {"staging", "trash", "transactions"}) {
      const fs::path directory = top_ / "store" / place;
      complaints_.require(!fs::exists(directory) || fs::is_empty(directory), std::string{place} + " is not empty");
    }
    return complaints_.text();
  }

 private:
  void say(int number, bool right, const std::string& what) {
    complaints_.require(right, name_of(number) + ": " + what);
  }
  [[nodiscard]] Tree source(int number) const { return tree_of_source(source_of(top_, number)); }

  void inspect(int number, const Reached& reached, const Transaction& trial) {
    if (end_of(number) != End::Discarded && reached.surely(kWritten) && reached.maybe(kEnded)) {
      inspect_apply(number, reached, trial);
    } else {
      const auto changes = lines_of(trial.changes());  // what was being written may be anything
      say(number, !reached.surely(kWritten) || changes == all_changes(), "its changes are others");
      say(number, !reached.exactly(kBegun) || changes.empty(), "it has changes");
    }
    say(number, trial.conflicts().empty() || !reached.surely(kWritten), "it has conflicts");
    trial.discard();
    say(number, !store_.find(name_of(number)), "it cannot be discarded");
    for (const auto& [path, content] : source(number)) {
      say(number, !path.starts_with(".dunnage-apply-"), "is left in the source: " + path);
    }
  }

  /// Before it is asked for again, and after that.
  void inspect_apply(int number, const Reached& reached, const Transaction& trial) {
    const Tree& wanted = end_of(number) == End::Applied ? whole_ : part_;
    const std::string torn = torn_paths(source(number), reached.surely(kEnded) ? wanted : old_, wanted);
    say(number, torn.empty(), "torn in the source: " + torn);
    const auto rest = end_of(number) == End::Applied ? std::set<std::string>{} : kRest;
    say(number, !reached.surely(kEnded) || lines_of(trial.changes()) == rest, "what was applied is still a change");
    apply(trial, end_of(number));
    say(number, source(number) == wanted, "the next apply did not finish it");
    say(number, lines_of(trial.changes()) == rest, "the next apply left changes");
  }

  fs::path top_;
  TransactionStore store_;
  Tree old_, whole_, part_;
  Complaints complaints_;
};

void cut(const std::string& kind, std::size_t times) {
  cut_power(
      kind, times,
      {.most_lines = 80,
       .prepare = [](const CutDisk& disk, std::size_t) { disk.clear(); },
       .works =
           [](std::size_t) {
             std::vector<CutDisk::Work> works;
             for (const int first : {1'000, 2'000, 3'000}) {
               works.emplace_back([=](const fs::path& top, const Report& report) { keep_trying(top, report, first); });
             }
             return works;
           },
       .inspect =
           [](const fs::path& top, const Told& told) {
             Inspection inspection{top};
             for (const auto& [number, stages] : reached(told)) inspection.inspect(number, stages);
             return inspection.end();
           }});
}

}  // namespace

TEST_CASE("T-3: a transaction whose power was cut is there or not, and what it applied is old, new, or to be finished",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs")) return;
  for (const std::string& kind : kinds_of_disks()) cut(kind, crashes_of_each(4));
}

// The store's own disk was synced, and the directory's was not.
TEST_CASE("T-3: the mode of a directory that was applied is on the disk of the source, wherever the store is",
          "[crash]") {
  if (!requires_root() || !requires_program("mkfs.xfs")) return;
  CutDisk disk{"ext4", 64};
  (void)disk.cut_while({[&](const fs::path& top, const Report& report) {
                         make_old(top / "source");
                         sync_all(top);
                         const Transaction trial = store_on(disk.beside()).begin(top / "source", "mode");
                         const fs::path changed = trial.info().upper / "d";
                         fs::create_directory(changed);
                         ::chmod(changed.c_str(), 0750);
                         (void)trial.apply();
                         report.tell("applied");
                         ::pause();
                       }},
                       1);
  const CutDisk::Mounted copy = disk.mount_copy();
  CHECK(fs::status(copy.top() / "source/d").permissions() == fs::perms{0750});
}

}  // namespace dunnage::test
