// SPDX-License-Identifier: Apache-2.0
#include "volume/grow_file_system.hpp"

#include "kernel/call_error.hpp"

#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include <cerrno>
#include <cstdint>

namespace dunnage::volume {
namespace {

// The kernel has these without giving them to programs: fs/xfs/libxfs/xfs_fs.h, fs/ext4/ext4.h.
struct XfsGeometry {
  std::uint32_t block_size, realtime_extent, group_blocks, group_count, log_blocks, sector_size, inode_size;
  std::uint32_t inode_percentage;
  std::uint64_t data_blocks, realtime_blocks, realtime_extents, log_start;
  std::uint8_t uuid[16];
  std::uint32_t stripe_unit, stripe_width;
  std::int32_t version;
  std::uint32_t flags, log_sector_size, realtime_sector_size, directory_block_size;
};
static_assert(sizeof(XfsGeometry) == 112);
struct XfsGrowth {
  std::uint64_t data_blocks;
  std::uint32_t inode_percentage;
};
constexpr unsigned long kXfsGeometry = _IOR('X', 100, XfsGeometry);
constexpr unsigned long kXfsGrow = _IOW('X', 110, XfsGrowth);
constexpr unsigned long kExt4Resize = _IOW('f', 16, std::uint64_t);

void grow_xfs(int top, std::uint64_t size) {
  XfsGeometry geometry{};
  if (::ioctl(top, kXfsGeometry, &geometry) != 0) {
    throw kernel::CallError{"ask XFS for its size", errno};
  }
  XfsGrowth growth{size / geometry.block_size, geometry.inode_percentage};
  if (growth.data_blocks > geometry.data_blocks && ::ioctl(top, kXfsGrow, &growth) != 0) {
    throw kernel::CallError{"grow XFS", errno};
  }
}

void grow_ext4(int top, std::uint64_t size) {
  struct statvfs system {};
  if (::fstatvfs(top, &system) != 0) {
    throw kernel::CallError{"statfs", errno};
  }
  std::uint64_t blocks = size / system.f_bsize;
  if (::ioctl(top, kExt4Resize, &blocks) != 0) {
    throw kernel::CallError{"grow ext4", errno};
  }
}

}  // namespace

void grow_mounted(int top, off_t size, LimitWay way) {
  const auto bytes = static_cast<std::uint64_t>(size);
  way == LimitWay::XfsImage ? grow_xfs(top, bytes) : grow_ext4(top, bytes);
}

}  // namespace dunnage::volume
