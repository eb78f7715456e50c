// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/cgroup_tree.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/each_entry.hpp"

namespace dunnage::launcher {
namespace {

constexpr char kOwnPrefix[] = "dunnage.";
constexpr size_t kOwnPrefixSize = sizeof kOwnPrefix - 1;
constexpr unsigned kDeepest = 64;
constexpr long kLockNow = 2 | 4;  // LOCK_EX | LOCK_NB

struct OwnTree {
  int base = -1;
  int directory = -1;  ///< locked
  uint32_t controllers = 0;
  char name[kOwnPrefixSize + 24] = {};
};

constinit OwnTree trees[kMostHierarchies];

OwnTree& tree_of(uint32_t hierarchy) noexcept { return trees[hierarchy % kMostHierarchies]; }

int remove_directory(int parent, const char* name) noexcept {
  return static_cast<int>(raw_syscall(__NR_unlinkat, parent, as_argument(name), AT_REMOVEDIR));
}

bool lock_directory(int directory) noexcept { return raw_syscall(__NR_flock, directory, kLockNow) >= 0; }

/// Removes the cgroups below as well, which a container that may mount can have made. 0 or -errno.
int remove_below(int parent, const char* name, unsigned depth) noexcept {
  int result = remove_directory(parent, name);
  if (result >= 0 || result == -ENOENT || depth == 0) {
    return result == -ENOENT ? 0 : result;
  }
  const int directory = open_at(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (directory < 0) {
    return directory;
  }
  alignas(8) char entries[1024];
  (void)each_entry(directory, entries, [&](const DirectoryEntry& entry) {
    constexpr uint8_t kDirectoryType = 4;
    if (entry.type == kDirectoryType) {
      (void)remove_below(directory, entry.name, depth - 1);
    }
    return 0;
  });
  (void)close_descriptor(directory);
  result = remove_directory(parent, name);
  return result == -ENOENT ? 0 : result;
}

/// Of version 1, which has no other way than one after the other.
void kill_listed(int directory) noexcept {
  const int file = open_at(directory, "cgroup.procs", O_RDONLY);
  if (file < 0) {
    return;
  }
  char text[4096];
  const long size = read_bytes(file, text, sizeof text);
  int pid = 0;
  for (long index = 0; index < size; ++index) {
    if (text[index] >= '0' && text[index] <= '9') {
      pid = pid * 10 + (text[index] - '0');
    } else {
      if (pid > 1) {  // 0 is one of another pid namespace, 1 this launcher
        (void)raw_syscall(__NR_kill, pid, SIGKILL);
      }
      pid = 0;
    }
  }
  (void)close_descriptor(file);
}

void kill_members(int parent, const char* name, bool unified) noexcept {
  const int directory = open_at(parent, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (directory < 0) {
    return;
  }
  const int kill = unified ? open_at(directory, "cgroup.kill", O_WRONLY) : -1;
  if (kill >= 0) {
    (void)write_bytes(kill, "1", 1);
    (void)close_descriptor(kill);
  } else {
    kill_listed(directory);
  }
  (void)close_descriptor(directory);
}

/// What launchers have left that were killed.
void sweep(int base) noexcept {
  const int directory = open_at(base, ".", O_RDONLY | O_DIRECTORY);
  if (directory < 0) {
    return;
  }
  alignas(8) static char entries[8192];
  (void)each_entry(directory, entries, [&](const DirectoryEntry& entry) {
    if (text_size(entry.name) < kOwnPrefixSize || __builtin_memcmp(entry.name, kOwnPrefix, kOwnPrefixSize) != 0) {
      return 0;
    }
    const int left = open_at(base, entry.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    if (left >= 0 && lock_directory(left)) {
      (void)remove_below(base, entry.name, kDeepest);
    }
    if (left >= 0) {
      (void)close_descriptor(left);
    }
    return 0;
  });
  (void)close_descriptor(directory);
}

/// A cpuset of version 1 begins empty, and nothing can run in it.
int copy_down(int from, int to, const char* file) noexcept {
  char text[4096];
  const int source = open_at(from, file, O_RDONLY);
  const long size = source < 0 ? source : read_bytes(source, text, sizeof text);
  if (source >= 0) {
    (void)close_descriptor(source);
  }
  const int target = size < 0 ? static_cast<int>(size) : open_at(to, file, O_WRONLY);
  if (target < 0) {
    return target;
  }
  const long result = write_bytes(target, text, static_cast<size_t>(size));
  (void)close_descriptor(target);
  return result < 0 ? static_cast<int>(result) : 0;
}

int write_to(int directory, const char* name, const char* text) noexcept {
  const int file = open_at(directory, name, O_WRONLY);
  if (file < 0) {
    return file;
  }
  const long result = write_bytes(file, text, text_size(text));
  (void)close_descriptor(file);
  return result < 0 ? static_cast<int>(result) : 0;
}

/// Somebody who sweeps may take a new directory for one that is left, until it is locked.
int make_locked(OwnTree& tree, int base) noexcept {
  int result = -EAGAIN;
  for (unsigned attempt = 0; attempt < 16 && result == -EAGAIN; ++attempt) {
    uint64_t unique = 0;
    (void)raw_syscall(__NR_getrandom, as_argument(&unique), sizeof unique, 0);
    char digits[24];
    const char* number = write_number(unique, 10, digits);
    __builtin_memcpy(tree.name, kOwnPrefix, kOwnPrefixSize);
    __builtin_memcpy(tree.name + kOwnPrefixSize, number, text_size(number) + 1);
    result = make_directory_at(base, tree.name, 0755);
    if (result < 0) {
      return result;
    }
    const int directory = open_at(base, tree.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const bool locked = directory >= 0 && lock_directory(directory) &&
                        raw_syscall(__NR_faccessat, base, as_argument(tree.name), 0) >= 0;
    if (locked) {
      return directory;
    }
    if (directory >= 0) {
      (void)close_descriptor(directory);
    }
    result = directory < 0 && directory != -ENOENT ? directory : -EAGAIN;
  }
  return result;
}

int make_own(OwnTree& tree, const CgroupRecord& record, int base) noexcept {
  sweep(base);
  const int directory = make_locked(tree, base);
  if (directory < 0) {
    return directory;
  }
  int result = 0;
  if ((record.flags & kCgroupCpuset) != 0) {
    result = copy_down(base, directory, "cpuset.cpus");
    result = result < 0 ? result : copy_down(base, directory, "cpuset.mems");
    result = result < 0 ? result : write_to(directory, "cgroup.clone_children", "1");
  }
  tree.base = result < 0 ? result : control_descriptor(base, F_DUPFD_CLOEXEC, 3);
  if (tree.base < 0) {
    (void)remove_directory(base, tree.name);
    (void)close_descriptor(directory);
    return tree.base;
  }
  tree.directory = directory;
  return 0;
}

}  // namespace

int own_cgroup(const CgroupRecord& record, const char* enable, int base, Step& step) noexcept {
  OwnTree& tree = tree_of(record.hierarchy);
  step = Step::MakeCgroup;
  if (tree.directory < 0) {
    const int made = base < 0 ? -EBADF : make_own(tree, record, base);
    if (made < 0) {
      return made;
    }
  }
  if ((record.flags & kCgroupUnified) != 0 && (record.controllers & ~tree.controllers) != 0) {
    step = Step::EnableControllers;
    (void)write_to(tree.base, "cgroup.subtree_control",
                   enable);  // where they are on already it may not be ours to write
    if (const int result = write_to(tree.directory, "cgroup.subtree_control", enable); result < 0) {
      return result;
    }
    tree.controllers |= record.controllers;
  }
  return tree.directory;
}

void forget_own_cgroup(uint32_t hierarchy) noexcept {
  OwnTree& tree = tree_of(hierarchy);
  if (tree.directory >= 0) {
    (void)close_descriptor(tree.directory);
    (void)close_descriptor(tree.base);
    tree = OwnTree{};
  }
}

int remove_cgroup(uint32_t hierarchy, const char* name, bool unified) noexcept {
  const int parent = tree_of(hierarchy).directory;
  constexpr int kMostAttempts = 50;
  int result = remove_below(parent, name, kDeepest);
  for (int attempt = 0; result == -EBUSY && attempt < kMostAttempts; ++attempt) {
    kill_members(parent, name, unified);
    const timespec pause{0, 2'000'000};
    (void)raw_syscall(__NR_nanosleep, as_argument(&pause), 0);
    result = remove_below(parent, name, kDeepest);
  }
  return result;
}

void remove_own_cgroups() noexcept {
  for (OwnTree& tree : trees) {
    if (tree.directory >= 0) {
      (void)remove_below(tree.base, tree.name, kDeepest);
    }
  }
}

}  // namespace dunnage::launcher
