// SPDX-License-Identifier: Apache-2.0
#include "volume/limit_choice.hpp"

#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/quota_group.hpp"
#include "launcher/identity.hpp"
#include "volume/disk_program.hpp"
#include "volume/local_driver.hpp"
#include "volume/memory_limit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20U;
constexpr std::uint64_t kLeastXfs = 300 * kMebibyte;
constexpr std::uint64_t kLeastExt4 = 16 * kMebibyte;
constexpr std::uint64_t kLeastQuota = kMebibyte;
constexpr std::uint64_t kLeastInodes = 16;

[[noreturn]] void refuse_limit(const Deed& deed, std::string cause, errc code, std::string remedy) {
  throw deed_failure(deed, std::move(cause), make_error_code(code), std::move(remedy));
}

void require_size(const Deed& deed, const VolumeLimit& limit, std::uint64_t least, const char* of) {
  if (limit.size < least) {
    refuse_limit(deed, fmt::format("a limit of {} bytes is too small for {}", limit.size, of), errc::invalid_argument,
                 fmt::format("give at least {} bytes", least));
  }
}

bool has_file_system(const char* type) {
  return static_cast<bool>(kernel::FileDescriptor{kernel::open_file_system(type)});
}

/// The most inodes ext4 of that size can be made with that are not more than asked for; they come in steps.
std::uint64_t inodes_of_ext4(const Deed& deed, const VolumeLimit& limit) {
  constexpr std::uint64_t kInode = 256;
  const std::uint64_t block = ext4_block(limit.size);
  const std::uint64_t groups = (limit.size / block + 8 * block - 1) / (8 * block);
  const std::uint64_t step = groups * std::max<std::uint64_t>(8, block / kInode);
  const std::uint64_t wanted = std::min<std::uint64_t>(limit.inodes, UINT32_MAX - kExt4OwnInodes);
  const std::uint64_t all = (wanted + kExt4OwnInodes) / step * step;
  if (all < std::max(kLeastInodes + kExt4OwnInodes, step)) {
    refuse_limit(deed, fmt::format("ext4 of {} bytes has more than {} inodes", limit.size, limit.inodes),
                 errc::invalid_argument, fmt::format("give at least {}", std::max(kLeastInodes + step, step)));
  }
  return all - kExt4OwnInodes;
}

VolumeLimitPlan choose_quota(const Deed& deed, const VolumeLimit& limit, kernel::QuotaState state) {
  require_size(deed, limit, kLeastQuota, "a quota of btrfs");
  VolumeLimitPlan plan{.limit = limit, .way = LimitWay::BtrfsQuota, .reason = "the store is on btrfs", .costs = {}};
  if (state == kernel::QuotaState::Off) {
    plan.costs.emplace_back(
        "quotas are switched on for the whole file system: what is there is counted once, and snapshots and deletions "
        "are slower from then on");
  }
  return plan;
}

VolumeLimitPlan choose_image(const Deed& deed, VolumeLimit limit, std::string why) {
  if (limit.size == 0) {
    refuse_limit(deed, "a number of inodes alone is not held by any file system here", errc::invalid_argument,
                 "give a size as well");
  }
  VolumeLimitPlan plan{.limit = limit, .way = LimitWay::Ext4Image, .reason = std::move(why), .costs = {}};
  const bool xfs =
      limit.size >= kLeastXfs && limit.inodes == 0 && has_file_system("xfs") && !find_disk_program("mkfs.xfs").empty();
  if (xfs) {
    plan.way = LimitWay::XfsImage;
  } else {
    require_size(deed, limit, kLeastExt4, "a file system in an image");
    if (!has_file_system("ext4")) {
      refuse_limit(deed, "this kernel has no ext4", errc::not_supported, "load its module");
    }
    if (find_disk_program("mkfs.ext4").empty()) {
      refuse_limit(deed, "mkfs.ext4(8) is not installed", errc::not_supported, remedy_without("mkfs.ext4"));
    }
    plan.limit.inodes = limit.inodes == 0 ? 0 : inodes_of_ext4(deed, limit);
    plan.costs.emplace_back("it grows while no container uses it, by a copy of it, or with CAP_SYS_RESOURCE");
  }
  plan.costs.emplace_back("the file system's own records take a part of the size");
  plan.costs.emplace_back("its image grows as it is written to: the disk below it must have room for that");
  return plan;
}

VolumeLimit held_limit(const Deed& deed, const VolumeLimit& asked) {
  const VolumeLimit limit{held_size(asked.size), asked.inodes};
  if (limit.is_none()) {
    refuse_limit(deed, "a limit of nothing", errc::invalid_argument, "give a size of at least 4096 bytes, or no limit");
  }
  return limit;
}

}  // namespace

VolumeLimitPlan choose_limit(const Layout& layout, const Deed& deed, const VolumeLimit& asked,
                             const DriverOptions& driver_options) {
  const VolumeLimit limit = held_limit(deed, asked);
  LocalDriver driver;
  if (read_driver_options(driver_options, driver) || driver.kind == LocalDriver::Kind::Bind ||
      driver.kind == LocalDriver::Kind::FileSystem) {
    refuse_limit(deed, "its data is where its driver's options say, which have a size of their own",
                 errc::not_supported, "limit it there, or leave out the options");
  }
  if (driver.kind == LocalDriver::Kind::Tmpfs) {
    return plan_memory_limit(deed, limit, driver_options);
  }
  return choose_limit_in_store(layout, deed, limit,
                               "make a volume in memory, with the driver options type=tmpfs and device=tmpfs");
}

VolumeLimitPlan choose_limit_in_store(const Layout& layout, const Deed& deed, const VolumeLimit& asked,
                                      const char* instead) {
  const VolumeLimit limit = held_limit(deed, asked);
  if (launcher::identity_for(0, 0).rootless()) {
    refuse_limit(deed, "an ordinary user can neither set a quota nor mount an image", errc::not_supported,
                 fmt::format("do it as root, or {}", instead));
  }
  const kernel::QuotaState state = kernel::quota_state(layout.volumes.get());
  if (state == kernel::QuotaState::NoBtrfs) {
    return choose_image(deed, limit, "the store is not on btrfs, so the limit is that of a file system in an image");
  }
  if (limit.inodes != 0) {
    return choose_image(deed, limit, "btrfs does not limit inodes, so the limit is that of a file system in an image");
  }
  if (state == kernel::QuotaState::Simple) {
    return choose_image(deed, limit,
                        "simple quotas of btrfs do not count what snapshots share, so the limit is that of a file "
                        "system in an image");
  }
  return choose_quota(deed, limit, state);
}

}  // namespace dunnage::volume
