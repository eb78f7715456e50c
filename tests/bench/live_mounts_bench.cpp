// SPDX-License-Identifier: Apache-2.0
// Mounts of a running container, attached, detached and replaced, beside the fewest system calls that do the same: a
// clone of the source, and a child that shares this program's memory, joins the container's mount namespace, finds the
// target and moves the mount there. With a record also beside the same and one record that is read and written. As
// root. live_mounts_bench [ROUNDS]

#include <dunnage/dunnage.hpp>

#include "bench/statistics.hpp"
#include "kernel/calls.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#ifndef MOVE_MOUNT_BENEATH
#define MOVE_MOUNT_BENEATH 0x00000200
#endif

namespace {

using namespace dunnage;
namespace fs = std::filesystem;
using kernel::as_argument;
using kernel::raw_syscall;

constexpr const char* kTarget = "/data";
constexpr unsigned kBeneath = MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH | MOVE_MOUNT_BENEATH;

enum class Change { Attach, Detach, Replace };

/// What the child of the floor does, with the memory of its parent.
struct Floor {
  Change change;
  int process;
  int mount;
  long result = 0;
};

long mount_of(int fd) {
  struct statx status {};
  const long result = ::statx(fd, "", AT_EMPTY_PATH, STATX_TYPE | STATX_MNT_ID, &status);
  return result < 0 ? result : static_cast<long>(status.stx_mnt_id);
}

int change_mounts(void* argument) {
  auto& floor = *static_cast<Floor*>(argument);
  const auto keep = [&](long result) { floor.result = floor.result < 0 ? floor.result : result; };
  keep(raw_syscall(__NR_setns, floor.process, CLONE_NEWNS));
  const int root = static_cast<int>(raw_syscall(__NR_openat, AT_FDCWD, as_argument("/"), O_PATH | O_DIRECTORY, 0));
  const int target = kernel::open_at2(root, kTarget, O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  keep(target);
  keep(mount_of(target));
  if (floor.change == Change::Attach) {
    keep(kernel::attach_mount(floor.mount, target));
    struct statx status {};
    keep(::statx(AT_FDCWD, kTarget, AT_NO_AUTOMOUNT, STATX_MNT_ID, &status));
  } else {
    if (floor.change == Change::Replace) {
      keep(raw_syscall(__NR_move_mount, floor.mount, as_argument(""), target, as_argument(""), kBeneath));
    }
    keep(raw_syscall(__NR_umount2, as_argument(kTarget), 2 | 8));
  }
  ::_exit(0);
}

void change_by_calls(Change change, int process, const fs::path& source) {
  static std::array<char, 65536> stack;
  Floor floor{change, process, -1};
  if (change != Change::Detach) {
    floor.mount = kernel::open_tree_at(AT_FDCWD, source.c_str(), OPEN_TREE_CLONE | AT_RECURSIVE);
    floor.result = kernel::set_mount_attributes(floor.mount, AT_RECURSIVE, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV, 0,
                                                std::uint64_t{1} << 18U);
  }
  const int child = ::clone(change_mounts, stack.data() + stack.size(), CLONE_VM | CLONE_VFORK | SIGCHLD, &floor);
  int status = 0;
  const bool ended = child > 0 && ::waitpid(child, &status, 0) == child;
  if (floor.mount >= 0) ::close(floor.mount);
  if (!ended || floor.result < 0) throw std::runtime_error{"the floor failed: " + std::to_string(-floor.result)};
}

/// What a record costs whoever keeps one: it is read, and another one is written and takes its name. On the disk on
/// return, if `synced`.
void write_record(const fs::path& place, bool synced) {
  constexpr unsigned kFileMode = 0600;
  const fs::path record = place / "record";
  const fs::path next = place / "record.next";
  std::array<char, 1400> text{};  // as long as that of the container here
  const int old = ::open(record.c_str(), O_RDONLY | O_CLOEXEC);
  const bool was_read = old < 0 || ::read(old, text.data(), text.size()) >= 0;
  if (old >= 0) ::close(old);
  const int file = ::open(next.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kFileMode);
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (synced) ::fdatasync(file);
  ::close(file);
  if (!was_read || !written || ::rename(next.c_str(), record.c_str()) != 0) throw std::runtime_error{"no record"};
}

double time_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>{std::chrono::steady_clock::now() - begin}.count();
}

struct Row {
  const char* name;
  bench::Series floor{};
  bench::Series ours{};
};

void print(const char* kind, const Row& row) {
  const bench::Spread ours = bench::spread_of(bench::values_of(row.ours));
  const bench::Spread least = bench::spread_of(bench::values_of(row.floor));
  const bench::Spread ratio = bench::spread_of(bench::paired_ratios(row.ours, row.floor));
  std::printf("| %s, %s | %.0f | %.0f | %.0f–%.0f | %.2f (%.2f–%.2f) |\n", row.name, kind, least.median, ours.median,
              ours.p10, ours.p90, ratio.median, ratio.p10, ratio.p90);
}

enum class Record { None, Written, Synced };

void measure(const char* kind, const fs::path& place, LaunchSpec spec, Record record, int rounds) {
  auto container = Container::launch(std::move(spec));
  (void)container.attach(Tmpfs{kTarget});  // the mount point is there then
  container.detach(kTarget);
  const int process = static_cast<int>(raw_syscall(__NR_pidfd_open, container.pid(), 0));
  const fs::path one = place / "one";
  const fs::path two = place / "two";
  Row attach{"attach"};
  Row replace{"replace"};
  Row detach{"detach"};
  const auto least = [&](Change change, const fs::path& source) {
    if (record != Record::None) write_record(place, record == Record::Synced);
    change_by_calls(change, process, source);
  };
  for (int round = 0; round < rounds; ++round) {
    attach.floor.emplace_back(time_of([&] { least(Change::Attach, one); }));
    replace.floor.emplace_back(time_of([&] { least(Change::Replace, two); }));
    detach.floor.emplace_back(time_of([&] { least(Change::Detach, one); }));
    attach.ours.emplace_back(time_of([&] { (void)container.attach(BindMount{one, kTarget}); }));
    replace.ours.emplace_back(time_of([&] { (void)container.replace(kTarget, BindMount{two, kTarget}); }));
    detach.ours.emplace_back(time_of([&] { container.detach(kTarget, {.lazy = true}); }));
  }
  ::close(process);
  for (const Row* row : {&attach, &replace, &detach}) print(kind, *row);
}

}  // namespace

int main(int count, char** arguments) try {
  const int rounds = count > 1 ? std::atoi(arguments[1]) : 300;
  std::string name = (fs::temp_directory_path() / "live-mounts-bench.XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error{"mkdtemp"};
  const fs::path place = name;
  fs::create_directory(place / "one");
  fs::create_directory(place / "two");
  std::printf("| | floor µs | dunnage µs | p10–p90 | × floor (p10–p90) |\n|---|--:|--:|--:|--:|\n");
  const auto program = [&](const char* container) {
    return LaunchSpec{.argv = {"sleep", "1000"},
                      .out = Stdio::null(),
                      .err = Stdio::null(),
                      .name = container,
                      .store = place / "store"};
  };
  measure("without a record", place, program(""), Record::None, rounds);
  measure("recorded", place, program("recorded"), Record::None, rounds);
  measure("recorded, beside one more write", place, program("written"), Record::Written, rounds);
  measure("recorded, beside one more write and a sync", place, program("synced"), Record::Synced, rounds);
  fs::remove_all(place);
  return 0;
} catch (const std::exception& error) {
  (void)std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
