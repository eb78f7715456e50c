// SPDX-License-Identifier: Apache-2.0
#include "kernel/quota_group.hpp"

#include "kernel/call_error.hpp"

#include <linux/btrfs.h>
#include <linux/btrfs_tree.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/vfs.h>

#include <cerrno>
#include <cstddef>
#include <cstring>

namespace dunnage::kernel {
namespace {

// what kernels know that are newer than the headers
constexpr std::uint64_t kSimpleMode = 8;  // BTRFS_QGROUP_STATUS_FLAG_SIMPLE_MODE

/// Copies one item out of the tree of quotas. \return false if it is not there
template <typename Item>
bool find_item(int fd, std::uint32_t type, std::uint64_t offset, Item& item) {
  btrfs_ioctl_search_args search{};
  search.key.tree_id = BTRFS_QUOTA_TREE_OBJECTID;
  search.key.min_type = search.key.max_type = type;
  search.key.min_offset = search.key.max_offset = offset;
  search.key.max_transid = UINT64_MAX;
  search.key.nr_items = 1;
  if (::ioctl(fd, BTRFS_IOC_TREE_SEARCH, &search) != 0) {
    if (errno == ENOENT) {
      return false;  // there is no such tree
    }
    throw CallError{"ask for quotas", errno};
  }
  btrfs_ioctl_search_header head{};
  if (search.key.nr_items == 0) {
    return false;
  }
  std::memcpy(&head, static_cast<const char*>(search.buf), sizeof head);
  if (head.type != type || head.len < sizeof item) {
    return false;
  }
  std::memcpy(&item, static_cast<const char*>(search.buf) + sizeof head, sizeof item);
  return true;
}

/// Of the subvolume, and of its group.
std::uint64_t number_of(int subvolume) {
  btrfs_ioctl_ino_lookup_args lookup{};
  lookup.objectid = BTRFS_FIRST_FREE_OBJECTID;
  if (::ioctl(subvolume, BTRFS_IOC_INO_LOOKUP, &lookup) != 0) {
    throw CallError{"ask for the subvolume", errno};
  }
  return lookup.treeid;
}

/// All that was changed in the file system's own trees is on the disk; no data is written for it.
void commit(int fd) {
  __u64 transaction = 0;
  if (::ioctl(fd, BTRFS_IOC_START_SYNC, &transaction) != 0 || ::ioctl(fd, BTRFS_IOC_WAIT_SYNC, &transaction) != 0) {
    throw CallError{"commit btrfs", errno};
  }
}

}  // namespace

QuotaState quota_state(int fd) {
  struct statfs system {};
  if (::fstatfs(fd, &system) != 0) {
    throw CallError{"statfs", errno};
  }
  if (static_cast<unsigned long>(system.f_type) != BTRFS_SUPER_MAGIC) {
    return QuotaState::NoBtrfs;
  }
  struct {  // the beginning of btrfs_qgroup_status_item, which grew
    __le64 version, generation, flags;
  } status{};
  if (!find_item(fd, BTRFS_QGROUP_STATUS_KEY, 0, status) || (status.flags & BTRFS_QGROUP_STATUS_FLAG_ON) == 0) {
    return QuotaState::Off;
  }
  if ((status.flags & kSimpleMode) != 0) {
    return QuotaState::Simple;
  }
  btrfs_ioctl_quota_rescan_args rescan{};
  if (::ioctl(fd, BTRFS_IOC_QUOTA_RESCAN_STATUS, &rescan) != 0) {
    throw CallError{"ask whether quotas are being counted", errno};
  }
  return rescan.flags != 0 ? QuotaState::Counting : QuotaState::On;
}

void switch_quota_on(int fd) {
  btrfs_ioctl_quota_ctl_args arguments{};
  arguments.cmd = BTRFS_QUOTA_CTL_ENABLE;
  if (::ioctl(fd, BTRFS_IOC_QUOTA_CTL, &arguments) != 0 && errno != EEXIST) {
    throw CallError{"switch quotas of btrfs on", errno};
  }
}

void change_quota(int directory, int subvolume, std::uint64_t size) {
  btrfs_ioctl_qgroup_limit_args arguments{};
  arguments.qgroupid = number_of(subvolume);
  arguments.lim.flags = BTRFS_QGROUP_LIMIT_MAX_RFER;
  arguments.lim.max_rfer = size;
  if (::ioctl(directory, BTRFS_IOC_QGROUP_LIMIT, &arguments) != 0) {
    throw CallError{"set the quota", errno};
  }
}

void set_quota(int directory, int subvolume, std::uint64_t size) {
  change_quota(directory, subvolume, size);
  commit(directory);  // fsync would leave it out
}

std::optional<Quota> quota_of(int subvolume) {
  const std::uint64_t number = number_of(subvolume);
  btrfs_qgroup_info_item info{};
  if (!find_item(subvolume, BTRFS_QGROUP_INFO_KEY, number, info)) {
    return std::nullopt;
  }
  Quota quota{.used = info.rfer, .size = 0};
  btrfs_qgroup_limit_item limit{};
  if (find_item(subvolume, BTRFS_QGROUP_LIMIT_KEY, number, limit) && (limit.flags & BTRFS_QGROUP_LIMIT_MAX_RFER) != 0) {
    quota.size = limit.max_rfer;
  }
  return quota;
}

}  // namespace dunnage::kernel
