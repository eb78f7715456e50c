// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/read_back.hpp"

#include "kernel/read_back.hpp"
#include "launcher/program/park.hpp"

#include <linux/sched.h>
#include <linux/stat.h>

namespace dunnage::launcher {
namespace {

constexpr size_t kStatusSize = 1U << 20U;  // there may be 65,536 groups in it

/// What a line of /proc/PID/status says: its value begins behind "Name:" and white space. Null if there is none.
const char* value_of(const char* status, const char* name) noexcept {
  const size_t size = text_size(name);
  for (const char* line = status; *line != '\0';) {
    size_t same = 0;
    while (same < size && line[same] == name[same]) {
      ++same;
    }
    if (same == size && line[same] == ':') {
      return line + same + 1;
    }
    while (*line != '\0' && *line++ != '\n') {
    }
  }
  return nullptr;
}

/// Reads numbers of a line, one after the other.
class Numbers {
 public:
  Numbers(const char* at, unsigned base) noexcept : at_{at}, base_{base} {}

  bool next(uint64_t& value) noexcept {
    while (at_ != nullptr && (*at_ == ' ' || *at_ == '\t')) {
      ++at_;
    }
    unsigned digits = 0;
    value = 0;
    for (unsigned digit = 0; at_ != nullptr && (digit = digit_of(*at_)) < base_; ++digits, ++at_) {
      value = value * base_ + digit;
    }
    return digits > 0;
  }

 private:
  static unsigned digit_of(char character) noexcept {
    return character >= '0' && character <= '9'   ? static_cast<unsigned>(character - '0')
           : character >= 'a' && character <= 'f' ? static_cast<unsigned>(character - 'a') + 10
                                                  : 16;
  }

  const char* at_;
  unsigned base_;
};

/// \param count  how often the line says it
bool says(const char* status, const char* name, unsigned base, uint64_t expected, unsigned count = 1) noexcept {
  Numbers numbers{value_of(status, name), base};
  uint64_t value = 0;
  for (unsigned index = 0; index < count; ++index) {
    if (!numbers.next(value) || value != expected) {
      return false;
    }
  }
  return true;
}

/// The kernel sorts them and keeps those that are named twice.
bool has_groups(const char* status, const Child& child) noexcept {
  const List list = child.slot.request->groups;
  const auto* wanted = reinterpret_cast<const uint32_t*>(child.slot.payload + list.offset);
  Numbers numbers{value_of(status, "Groups"), 10};
  uint64_t value = 0;
  uint32_t count = 0;
  for (; numbers.next(value); ++count) {
    bool found = false;
    for (uint32_t index = 0; index < list.count && !found; ++index) {
      found = wanted[index] == value;
    }
    if (!found) {
      return false;
    }
  }
  return count == list.count;
}

bool has_ids(const char* status, const Child& child) noexcept {
  const LaunchPayload& request = *child.slot.request;
  return says(status, "Uid", 10, request.uid, 4) && says(status, "Gid", 10, request.gid, 4) &&
         (child.surroundings.single_id || has_groups(status, child));
}

bool has_rights(const char* status, const LaunchPayload& request, uint64_t capabilities) noexcept {
  uint64_t bounding = 0;
  return says(status, "CapPrm", 16, capabilities) && says(status, "CapEff", 16, capabilities) &&
         says(status, "CapInh", 16, 0) && says(status, "CapAmb", 16, 0) &&
         Numbers{value_of(status, "CapBnd"), 16}.next(bounding) && (bounding & ~request.capabilities) == 0 &&
         ((request.flags & kNoNewPrivileges) == 0 || says(status, "NoNewPrivs", 10, 1)) &&
         says(status, "Umask", 8, 022);
}

/// All of it, with a NUL at its end.
bool read_status(int fd, char* status) noexcept {
  size_t size = 0;
  long more = 0;
  do {
    more = read_bytes(fd, status + size, kStatusSize - 1 - size);
    size += more > 0 ? static_cast<size_t>(more) : 0;
  } while (more > 0);
  return more == 0 && size > 0;
}

void check(Child& child, bool holds) noexcept {
  if (!holds) {
    fail(child, Step::ReadBack, EPERM);
  }
}

uint64_t mount_of(int directory, const char* path) noexcept {
  struct statx status {};
  const unsigned look = AT_STATX_DONT_SYNC | (path[0] == '\0' ? static_cast<unsigned>(AT_EMPTY_PATH) : 0U);
  const long result = raw_syscall(__NR_statx, directory, as_argument(path), look, STATX_MNT_ID, as_argument(&status));
  return result < 0 ? 0 : status.stx_mnt_id;
}

uint64_t inode_of(int directory, const char* path) noexcept {
  struct statx status {};
  const unsigned look = path[0] == '\0' ? AT_EMPTY_PATH : 0U;
  const long result = raw_syscall(__NR_statx, directory, as_argument(path), look, STATX_INO, as_argument(&status));
  return result < 0 ? 0 : status.stx_ino;
}

}  // namespace

int unshare_mounts() noexcept {
  const uint64_t before = mount_of(AT_FDCWD, "/");
  const long result = raw_syscall(__NR_unshare, CLONE_NEWNS);
  const uint64_t after = mount_of(AT_FDCWD, "/");
  return result < 0 ? static_cast<int>(result) : before == 0 || before == after ? -EPERM : 0;
}

void begin_read_back(Child& child) noexcept {
  if (child.surroundings.filtered) {
    const int own = static_cast<int>(require(child, Step::ReadBack, open_at(AT_FDCWD, kParkedProc, O_PATH)));
    child.status = static_cast<int>(require(child, Step::ReadBack, open_at(own, "self/status", O_RDONLY)));
    (void)close_descriptor(own);
    child.first_root = mount_of(AT_FDCWD, "/");
  }
}

void read_back_entry(Child& child) noexcept {
  if (child.surroundings.filtered) {
    const uint64_t root = mount_of(AT_FDCWD, "/");
    check(child, root != 0 && root != child.first_root);
  }
}

void read_back_network(Child& child) noexcept {
  if (child.surroundings.filtered && child.slot.spare.network >= 0) {
    const uint64_t own = inode_of(child.proc, "self/ns/net");
    check(child, own != 0 && own == inode_of(child.slot.spare.network, ""));
  }
}

void read_back_root(Child& child) noexcept {
  if (child.surroundings.filtered) {
    const uint64_t root = mount_of(child.root, "");
    check(child, root != 0 && root == mount_of(AT_FDCWD, "/") && root == mount_of(AT_FDCWD, "."));
  }
}

void read_back_attributes(Child& child, int mount, uint64_t attributes) noexcept {
  if (child.surroundings.filtered) {
    require(child, Step::ReadBack, kernel::read_back_attributes(mount, attributes));
  }
}

void read_back_identity(Child& child, uint64_t capabilities) noexcept {
  if (!child.surroundings.filtered) {
    return;
  }
  auto* status = static_cast<char*>(map_memory(kStatusSize));
  require(child, Step::ReadBack, status == nullptr ? -ENOMEM : 0);
  const bool holds = read_status(child.status, status) && has_ids(status, child) &&
                     has_rights(status, *child.slot.request, capabilities);
  unmap_memory(status, kStatusSize);  // it is the launcher's memory
  (void)close_descriptor(child.status);
  check(child, holds);
}

void read_back_closed(Child& child) noexcept {
  constexpr int kMost = 64;  // there are some among the first, of whatever was open
  for (int fd = 3; child.surroundings.filtered && fd < kMost; ++fd) {
    check(child, fd == child.slot.child_status || control_descriptor(fd, F_GETFD, 0) == -EBADF);
  }
}

}  // namespace dunnage::launcher
