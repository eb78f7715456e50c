// SPDX-License-Identifier: Apache-2.0
#include "volume/data_image.hpp"

#include "kernel/call_error.hpp"
#include "kernel/device_mount.hpp"
#include "kernel/files.hpp"
#include "kernel/loop_device.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/identity.hpp"
#include "volume/disk_program.hpp"
#include "volume/grow_file_system.hpp"
#include "volume/limit_choice.hpp"
#include "volume/private_directory.hpp"
#include "volume/users.hpp"

#include <endian.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace dunnage::volume {
namespace {

constexpr mode_t kTopMode = 0755;  // as any other volume's

const char* type_of(LimitWay way) { return way == LimitWay::XfsImage ? "xfs" : "ext4"; }

kernel::FileDescriptor open_image(int data, int access = O_RDWR) {
  auto image = kernel::open_beneath(data, kImageName, access | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!image) {
    throw kernel::CallError{"open the image of the volume's data", errno};
  }
  kernel::require_regular(image.get(), "open the image of the volume's data");
  return image;
}

void resize_file(int image, std::uint64_t size) {
  if (::ftruncate(image, static_cast<off_t>(size)) != 0) {
    throw kernel::CallError{"set the size of the image", errno};
  }
}

std::vector<std::string> arguments_of(const VolumeLimit& limit, LimitWay way, const std::string& image) {
  if (way == LimitWay::XfsImage) {
    return {"-q", image};
  }
  std::vector<std::string> arguments{
      "-q", "-F", "-m", "0", "-I", "256", "-b", std::to_string(ext4_block(limit.size)), "-E", "root_owner=0:0"};
  if (limit.inodes != 0) {
    arguments.insert(arguments.end(), {"-N", std::to_string(limit.inodes + kExt4OwnInodes)});
  }
  arguments.push_back(image);
  return arguments;
}

using MountOptions = std::vector<std::pair<std::string, std::optional<std::string>>>;

MountOptions options_of(LimitWay way, bool read_only) {
  MountOptions options;
  if (!read_only) {
    options.emplace_back("discard", std::nullopt);  // deleted files give their space back to the disk below
  }
  if (way == LimitWay::XfsImage) {
    options.emplace_back("nouuid", std::nullopt);  // a clone has the one of what it was copied from
  }
  return options;
}

kernel::DeviceMount try_to_mount(const kernel::BlockDevice& device, LimitWay way, bool read_only) {
  return kernel::mount_device(type_of(way), device, read_only, options_of(way, read_only));
}

kernel::FileDescriptor require_mount(const Deed& deed, LimitWay way, kernel::DeviceMount made) {
  if (made.number != 0) {
    throw deed_failure(deed,
                       fmt::format("{} of the {} image of its data{}{}", made.call, type_of(way),
                                   made.said.empty() ? "" : ": ", made.said),
                       std::error_code{made.number, std::system_category()},
                       made.number == ENODEV ? "load the module of that file system"
                                             : "do it as root; an image that is damaged is repaired by fsck");
  }
  return std::move(made.mount);
}

kernel::FileDescriptor mount_device_of(const Deed& deed, const kernel::BlockDevice& device, LimitWay way) {
  return require_mount(deed, way, try_to_mount(device, way, false));
}

/// What a new file system has that a new volume has not.
void clear_top(int mounted) {
  const auto top = kernel::require_readable(mounted);
  if (::unlinkat(top.get(), "lost+found", AT_REMOVEDIR) != 0 && errno != ENOENT) {
    throw kernel::CallError{"rmdir", errno};
  }
  if (const int number = kernel::set_mode(top.get(), kTopMode); number != 0) {
    throw kernel::CallError{"chmod", number};
  }
  if (::syncfs(top.get()) != 0) {
    throw kernel::CallError{"syncfs", errno};
  }
}

}  // namespace

void make_image(const Deed& deed, int data, const std::filesystem::path& path, const VolumeLimit& limit, LimitWay way,
                const Watch& watch) {
  const auto image = kernel::create_file(data, kImageName, kPrivateFile);
  if (!image) {
    throw kernel::CallError{"create the image", EEXIST};
  }
  resize_file(image.get(), limit.size);
  run_disk_program(deed, way == LimitWay::XfsImage ? "mkfs.xfs" : "mkfs.ext4",
                   arguments_of(limit, way, (path / kImageName).string()), watch);
  clear_top(mount_image(deed, data, way).get());
  kernel::sync(image.get());
  kernel::sync(data);
}

kernel::FileDescriptor mount_image(const Deed& deed, int data, LimitWay way) {
  const auto image = open_image(data);
  return mount_device_of(deed, kernel::block_device_of(image.get(), false), way);
}

kernel::FileDescriptor look_into_image(const Deed& deed, int data, LimitWay way) {
  // who wrote to it last may have it mounted a moment longer
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  const auto image = open_image(data, O_RDONLY);
  auto made = try_to_mount(kernel::block_device_of(image.get(), true), way, true);
  while (made.number == EBUSY && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
    made = try_to_mount(kernel::block_device_of(image.get(), true), way, true);
  }
  return require_mount(deed, way, std::move(made));
}

bool is_image_mounted(int data) { return kernel::has_block_device(open_image(data).get()); }

LimitWay way_of_image(int data) {
  if (kernel::names_in(data) != std::vector<std::string>{kImageName}) {
    return LimitWay::None;
  }
  // both say who they are: XFS at the beginning, ext4 after 1,080 bytes
  constexpr std::uint32_t kXfs = 0x58465342;
  constexpr std::uint16_t kExt4 = 0xEF53;
  constexpr off_t kExt4Place = 1080;
  const auto image = kernel::open_beneath(data, kImageName, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  std::uint32_t xfs = 0;
  std::uint16_t ext4 = 0;
  if (!image || ::pread(image.get(), &xfs, sizeof xfs, 0) != sizeof xfs ||
      ::pread(image.get(), &ext4, sizeof ext4, kExt4Place) != sizeof ext4) {
    return LimitWay::None;
  }
  return be32toh(xfs) == kXfs ? LimitWay::XfsImage : le16toh(ext4) == kExt4 ? LimitWay::Ext4Image : LimitWay::None;
}

std::uint64_t size_of_image(int data) {
  return static_cast<std::uint64_t>(kernel::status_of(open_image(data).get()).st_size);
}

bool is_half_grown(int data, std::uint64_t size, LimitWay way) {
  if (way != LimitWay::Ext4Image) {
    return size_of_image(data) < size;  // XFS takes it from whoever asks again
  }
  // its superblock says: 1,024 bytes from the beginning, with the number of blocks and the size of one (2^(10+n))
  constexpr off_t kBlocks = 1024 + 4;
  constexpr off_t kBlockSize = 1024 + 24;
  const auto image = open_image(data);
  std::uint32_t blocks = 0;
  std::uint32_t shift = 0;
  if (::pread(image.get(), &blocks, sizeof blocks, kBlocks) != sizeof blocks ||
      ::pread(image.get(), &shift, sizeof shift, kBlockSize) != sizeof shift) {
    throw kernel::CallError{"read the image of the volume's data", errno};
  }
  const std::uint64_t block = std::uint64_t{1024} << std::min(shift, 6U);
  const std::uint64_t group = 8 * block * block;  // it may leave out a part of one
  return le32toh(blocks) * block + group <= size;
}

bool grows_while_mounted(LimitWay way) noexcept {
  return way != LimitWay::Ext4Image || launcher::has_capability(CAP_SYS_RESOURCE);
}

void grow_image(const Deed& deed, int data, const std::filesystem::path& path, std::uint64_t size, LimitWay way,
                const Watch& watch) {
  const auto image = open_image(data);
  if (static_cast<std::uint64_t>(kernel::status_of(image.get()).st_size) < size) {
    resize_file(image.get(), size);
  }
  if (!grows_while_mounted(way)) {
    run_disk_program(deed, "resize2fs", {"-f", (path / kImageName).string()}, watch);
  } else {
    const kernel::BlockDevice device = kernel::block_device_of(image.get(), false);
    kernel::take_new_size(device);
    const auto mounted = mount_device_of(deed, device, way);
    grow_mounted(kernel::require_readable(mounted.get()).get(), kernel::status_of(image.get()).st_size, way);
  }
  kernel::sync(image.get());
}

void sync_data_image(int data) {
  kernel::sync(open_image(data).get());
  kernel::sync(data);
}

ImageHold::ImageHold(int data) : image_{open_image(data)} { kernel::keep_from_devices(image_.get()); }

ImageWatch::ImageWatch(int data) : data_{data} {
  mounted_ = !kernel::await_no_block_device(open_image(data).get());
  changed_ = kernel::status_of(open_image(data).get()).st_mtim;
}

bool ImageWatch::is_disturbed() const {
  const timespec now = kernel::status_of(open_image(data_).get()).st_mtim;
  return mounted_ || is_image_mounted(data_) || now.tv_sec != changed_.tv_sec || now.tv_nsec != changed_.tv_nsec;
}

}  // namespace dunnage::volume
