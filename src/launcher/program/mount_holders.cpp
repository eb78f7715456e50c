// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/mount_holders.hpp"

#include "launcher/detach.hpp"
#include "launcher/program/each_entry.hpp"
#include "launcher/program/transfer.hpp"

#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

bool holds(const MountTree& tree, uint64_t id) noexcept {
  for (uint32_t index = 0; index < tree.count; ++index) {
    if (tree.ids[index] == id) {
      return true;
    }
  }
  return false;
}

/// Whether what that link of a process leads to lies on the tree. Nobody is asked who could let us wait.
bool leads_into(int directory, const char* name, const MountTree& tree) noexcept {
  struct statx status {};
  const long result = raw_syscall(__NR_statx, directory, as_argument(name), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC,
                                  STATX_MNT_ID, as_argument(&status));
  return result >= 0 && holds(tree, status.stx_mnt_id);
}

bool is_number(const char* text) noexcept {
  const char* letter = text;
  while (*letter >= '0' && *letter <= '9') {
    ++letter;
  }
  return *letter == '\0' && letter != text;
}

/// Calls `visit` with each name of a directory that is a number, until it says true.
template <typename Visit>
bool any_number(int directory, Visit visit) noexcept {
  alignas(8) char buffer[4096];
  return each_entry(directory, buffer, [&](const DirectoryEntry& entry) {
           return is_number(entry.name) && visit(entry.name) ? 1 : 0;
         }) > 0;
}

bool has_open(int process, const MountTree& tree) noexcept {
  const int descriptors = open_at(process, "fd", O_RDONLY | O_DIRECTORY);
  if (descriptors < 0) {
    return false;
  }
  const bool found = any_number(descriptors, [&](const char* name) { return leads_into(descriptors, name, tree); });
  (void)close_descriptor(descriptors);
  return found;
}

/// Whether a line of maps is about a file at or below the target of the tree: what is mapped has no link an ordinary
/// user could follow.
bool has_mapped(int process, const MountTree& tree) noexcept {
  const int maps = open_at(process, "maps", O_RDONLY);
  if (maps < 0) {
    return false;
  }
  const size_t wanted = text_size(tree.target);
  char buffer[4096];
  long size = 0;
  size_t matched = 0;
  bool in_path = false;
  bool found = false;
  while (!found && (size = read_bytes(maps, buffer, sizeof buffer)) > 0) {
    for (long index = 0; index < size && !found; ++index) {
      const char letter = buffer[index];
      if (letter == '\n') {
        found = in_path && matched == wanted;
        in_path = false;
        matched = 0;
      } else if (letter == '/' && !in_path && matched == 0) {
        in_path = tree.target[0] == '/';
        matched = 1;
      } else if (in_path && matched < wanted) {
        in_path = letter == tree.target[matched++];
      } else if (in_path) {
        found = letter == '/';
        in_path = false;
      }
    }
  }
  (void)close_descriptor(maps);
  return found;
}

bool uses(int proc, const char* pid, const MountTree& tree) noexcept {
  const int process = open_at(proc, pid, O_PATH | O_DIRECTORY);
  if (process < 0) {
    return false;
  }
  const bool found = leads_into(process, "cwd", tree) || leads_into(process, "root", tree) ||
                     leads_into(process, "exe", tree) || has_open(process, tree) || has_mapped(process, tree);
  (void)close_descriptor(process);
  return found;
}

struct Program {
  uint64_t inode = 0;
  uint32_t major = 0;
  uint32_t minor = 0;
  friend bool operator==(const Program&, const Program&) = default;
};

/// What a process executes; nothing where that cannot be seen.
Program program_of(int proc, const char* pid) noexcept {
  const int process = open_at(proc, pid, O_PATH | O_DIRECTORY);
  if (process < 0) {
    return {};
  }
  struct statx status {};
  (void)raw_syscall(__NR_statx, process, as_argument("exe"), AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC, STATX_INO,
                    as_argument(&status));
  (void)close_descriptor(process);
  return {status.stx_ino, status.stx_dev_major, status.stx_dev_minor};
}

long number_of(const char* digits) noexcept {
  long number = 0;
  for (; *digits != '\0'; ++digits) {
    number = number * 10 + (*digits - '0');
  }
  return number;
}

}  // namespace

int read_mount_tree(int proc, uint64_t id, MountTree& tree) noexcept {
  tree.count = 0;
  uint32_t before = 0;
  do {  // a mount may be listed before the one it lies on
    before = tree.count;
    MountLine line;
    MountLines lines{proc};
    int result = 0;
    while ((result = lines.next(line)) == 1) {
      if (line.id == id) {
        __builtin_memcpy(tree.target, line.target, sizeof tree.target);
      }
      const bool of_it = line.id == id || holds(tree, line.parent);
      if (of_it && !holds(tree, line.id) && tree.count < kMostSubmounts) {
        tree.ids[tree.count++] = line.id;
      }
    }
    if (result < 0) {
      return result;
    }
  } while (tree.count > before);
  return tree.count > 0 ? 1 : 0;
}

uint32_t tell_holders(int proc, const MountTree& tree, int channel, Holders which) noexcept {
  const int list = open_at(proc, ".", O_RDONLY | O_DIRECTORY);
  if (list < 0) {
    return 0;
  }
  const long own = raw_syscall(__NR_getpid);
  const Program program = which == Holders::ButOwn ? program_of(proc, "self") : Program{};
  uint32_t count = 0;
  (void)any_number(list, [&](const char* name) {
    if (number_of(name) == own || !uses(proc, name, tree) ||
        (program.inode != 0 && program_of(proc, name) == program)) {
      return false;
    }
    ++count;
    const int process = static_cast<int>(raw_syscall(__NR_pidfd_open, number_of(name), 0));
    if (process >= 0) {
      Message message;
      message.kind = MessageKind::Found;
      (void)send_message(channel, &message, sizeof message, process);
      (void)close_descriptor(process);
    }
    return count == kMostHolders;
  });
  (void)close_descriptor(list);
  return count;
}

}  // namespace dunnage::launcher
