// SPDX-License-Identifier: Apache-2.0
#include "kernel/file_system_kind.hpp"

#include "kernel/calls.hpp"

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace dunnage::kernel {
namespace {

constexpr unsigned kUniqueNumber = 0x4000;  // STATX_MNT_ID_UNIQUE
constexpr std::uint64_t kFileSystem = 1;    // STATMOUNT_SB_BASIC

constexpr std::uint64_t kZfs = 0x2fc12fc1;
constexpr std::uint64_t kBcachefs = 0xca451a4e;
/// Without a device of their own, and yet nobody's but the kernel's.
constexpr std::array<std::uint64_t, 10> kLocal{
    TMPFS_MAGIC,         RAMFS_MAGIC,        BTRFS_SUPER_MAGIC, kZfs, kBcachefs, SYSFS_MAGIC, CGROUP_SUPER_MAGIC,
    CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, PROC_SUPER_MAGIC};

/// struct mnt_id_req
struct Question {
  std::uint32_t size = sizeof(Question);
  std::uint32_t spare = 0;
  std::uint64_t mount = 0;
  std::uint64_t param = kFileSystem;
};

/// struct statmount
struct Answer {
  std::uint32_t size;
  std::uint32_t options;
  std::uint64_t mask;
  std::uint32_t device[2];
  std::uint64_t magic;
  std::uint8_t others[480];
};
static_assert(offsetof(Answer, magic) == 24 && sizeof(Answer) == 512);

}  // namespace

/// statfs(2) would ask the server.
FileSystemKind kind_of_file_system(int fd, std::uint64_t* device) noexcept {
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  if (raw_syscall(__NR_statx, fd, as_argument(""), kWithoutAsking, STATX_TYPE | kUniqueNumber, as_argument(&status)) !=
      0) {
    return FileSystemKind::Server;
  }
  if (device != nullptr) {
    *device = makedev(status.stx_dev_major, status.stx_dev_minor);
  }
  if (status.stx_dev_major != 0) {
    return FileSystemKind::Local;
  }
  Question question;
  question.mount = status.stx_mnt_id;
  Answer answer{};
  if ((status.stx_mask & kUniqueNumber) == 0 ||
      raw_syscall(__NR_statmount, as_argument(&question), as_argument(&answer), sizeof answer, 0) < 0 ||
      (answer.mask & kFileSystem) == 0) {
    return FileSystemKind::Server;  // before Linux 6.8, or of another mount namespace
  }
  return std::ranges::find(kLocal, answer.magic) != kLocal.end() ? FileSystemKind::Local
         : answer.magic == OVERLAYFS_SUPER_MAGIC                 ? FileSystemKind::Layers
                                                                 : FileSystemKind::Server;
}

}  // namespace dunnage::kernel
