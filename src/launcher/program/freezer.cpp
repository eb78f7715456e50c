// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/freezer.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/cgroup.hpp"
#include "launcher/program/timer.hpp"

#include <poll.h>

namespace dunnage::launcher {
namespace {

constexpr size_t kLongestPath = 1024;

struct Path {
  char text[kLongestPath];
  size_t size = 0;

  void add(const char* part) noexcept {
    const size_t length = text_size(part);
    if (size + length + 1 < kLongestPath) {
      __builtin_memcpy(text + size, part, length + 1);
      size += length;
    }
  }
  void add(uint64_t number) noexcept {
    char digits[24];
    add(write_number(number, 10, digits));
  }
};

int hierarchy = -1;  ///< the root of the version 2 tree, mounted nowhere
Path own_group;      ///< relative to it, with a slash at its end
uint64_t unique = 0;

/// Mounts the tree and finds the launcher's place in it ("0::/a/b" in /proc/self/cgroup), once.
int find_own_group() noexcept {
  if (hierarchy >= 0) {
    return 0;
  }
  const int context = kernel::open_file_system("cgroup2");
  if (context < 0) {
    return context;
  }
  int result = kernel::create_file_system(context);
  const int mount = result < 0 ? result : kernel::mount_file_system(context, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  (void)close_descriptor(context);
  if (mount < 0) {
    return mount;
  }
  static char text[4096];
  const int file = open_at(AT_FDCWD, "/proc/self/cgroup", O_RDONLY);
  const long size = file < 0 ? file : read_bytes(file, text, sizeof text - 1);
  if (file >= 0) {
    (void)close_descriptor(file);
  }
  text[size > 0 ? size : 0] = '\0';
  const char* line = text;
  while (*line != '\0' && !(line[0] == '0' && line[1] == ':' && line[2] == ':' && line[3] == '/')) {
    while (*line != '\0' && *line != '\n') {
      ++line;
    }
    line += *line == '\n' ? 1 : 0;
  }
  if (*line == '\0') {
    (void)close_descriptor(mount);
    return -ENOENT;
  }
  line += 4;
  while (*line != '\0' && *line != '\n' && own_group.size + 2 < kLongestPath / 2) {
    own_group.text[own_group.size++] = *line++;
  }
  own_group.text[own_group.size] = '\0';
  if (own_group.size > 0) {
    own_group.add("/");
  }
  (void)raw_syscall(__NR_getrandom, as_argument(&unique), sizeof unique, 0);
  hierarchy = mount;
  return 0;
}

Path path_of(const Slot& slot, const char* file) noexcept {
  Path path;
  path.add(own_group.text);
  path.add("dunnage-");
  path.add(unique);
  path.add("-");
  path.add(slot.index);
  path.add(file);
  return path;
}

int write_file(int directory, const char* path, const char* text) noexcept {
  const int file = open_at(directory, path, O_WRONLY);
  if (file < 0) {
    return file;
  }
  const long result = write_bytes(file, text, text_size(text));
  (void)close_descriptor(file);
  return result < 0 ? static_cast<int>(result) : 0;
}

bool says_frozen(int events) noexcept {
  char text[256];
  (void)raw_syscall(__NR_lseek, events, 0, 0);
  const long size = read_bytes(events, text, sizeof text - 1);
  for (long index = 0; index + 8 <= size; ++index) {
    if (__builtin_memcmp(text + index, "frozen 1", 8) == 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

int make_freezer(Slot& slot) noexcept {
  const int found = find_own_group();
  return found < 0 ? found : make_directory_at(hierarchy, path_of(slot, "").text, 0755);
}

int enter_freezer(const Slot& slot, uint64_t pid) noexcept {
  char digits[24];
  return write_file(hierarchy, path_of(slot, "/cgroup.procs").text, write_number(pid, 10, digits));
}

int leave_freezer(uint64_t pid) noexcept {
  Path path;
  path.add(own_group.text);
  path.add("cgroup.procs");
  char digits[24];
  return write_file(hierarchy, path.text, write_number(pid, 10, digits));
}

int set_frozen(const Slot& slot, bool frozen, bool waits) noexcept {
  const int own = unified_cgroup(slot);
  const int directory = own >= 0 ? own : hierarchy;
  const int written =
      write_file(directory, own >= 0 ? "cgroup.freeze" : path_of(slot, "/cgroup.freeze").text, frozen ? "1" : "0");
  if (written < 0 || !frozen || !waits) {
    return written;
  }
  const int events = open_at(directory, own >= 0 ? "cgroup.events" : path_of(slot, "/cgroup.events").text, O_RDONLY);
  if (events < 0) {
    return events;
  }
  const int64_t deadline = now_monotonic() + kSecond;
  bool done = says_frozen(events);
  while (!done && now_monotonic() < deadline) {
    pollfd item{events, POLLPRI, 0};
    const timespec pause{0, 50'000'000};
    (void)raw_syscall(__NR_ppoll, as_argument(&item), 1, as_argument(&pause), 0, 8);
    done = says_frozen(events);
  }
  (void)close_descriptor(events);
  return done ? 0 : -ETIMEDOUT;
}

void remove_freezer(const Slot& slot) noexcept {
  (void)raw_syscall(__NR_unlinkat, hierarchy, as_argument(path_of(slot, "").text), AT_REMOVEDIR);
}

}  // namespace dunnage::launcher
