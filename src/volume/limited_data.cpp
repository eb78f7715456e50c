// SPDX-License-Identifier: Apache-2.0
#include "volume/limited_data.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "kernel/subvolume.hpp"
#include "volume/data_copy.hpp"
#include "volume/data_image.hpp"
#include "volume/directory.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limit_proof.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <string_view>
#include <thread>

namespace dunnage::volume {
namespace {

constexpr mode_t kLimitedDataMode = 0755;

/// For the programs that work on images.
std::filesystem::path path_of(const Layout& layout, const Stage& stage) {
  return layout.path / "staging" / stage.id() / kDataName;
}

/// Counting what is there may take long on a large disk, and a limit counts from then on.
void have_quotas(const Deed& deed, int directory, const Watch& watch) {
  constexpr auto kGlance = std::chrono::milliseconds{20};
  kernel::QuotaState state = kernel::quota_state(directory);
  if (state == kernel::QuotaState::Off) {
    kernel::switch_quota_on(directory);
    state = kernel::quota_state(directory);
  }
  for (; state == kernel::QuotaState::Counting; state = kernel::quota_state(directory)) {
    stop_if_asked(deed, watch);
    std::this_thread::sleep_for(kGlance);
  }
  if (state != kernel::QuotaState::On) {
    throw kernel::CallError{"switch quotas of btrfs on", EOPNOTSUPP};
  }
}

kernel::FileDescriptor make_subvolume_of(const Stage& stage) {
  if (const int number = kernel::make_subvolume(stage.directory(), kDataName); number != 0) {
    throw kernel::CallError{"make a subvolume", number};
  }
  auto data = open_data_directory(stage.directory());
  if (const int number = kernel::set_mode(data.get(), kLimitedDataMode); number != 0) {
    throw kernel::CallError{"chmod", number};
  }
  return data;
}

/// A subvolume, where there are such: then a snapshot of it is made at once.
kernel::FileDescriptor make_place_of_image(const Stage& stage) {
  if (kernel::make_subvolume(stage.directory(), kDataName) != 0 &&
      !kernel::make_directory(stage.directory(), kDataName, kPrivateDirectory)) {
    throw kernel::CallError{"mkdir", EEXIST};
  }
  auto data = open_data_directory(stage.directory());
  if (const int number = kernel::set_mode(data.get(), kPrivateDirectory); number != 0) {
    throw kernel::CallError{"chmod", number};
  }
  return data;
}

/// resize2fs that is killed may leave a file system that is none any more: it works on a copy, which takes the place of
/// what was copied in one step.
void grow_copy(const Layout& layout, const Deed& deed, int directory, int data, const VolumeLimit& limit, LimitWay way,
               const Watch& watch) {
  const ImageHold hold{data};
  Stage stage{layout.open_staging()};
  (void)copy_data(deed, stage, {.from = data, .quiet = true}, watch);
  try {
    const auto copy = open_data_directory(stage.directory());
    grow_image(deed, copy.get(), path_of(layout, stage), limit.size, way, watch);
    kernel::sync(copy.get());
    if (const int number = kernel::exchange(stage.directory(), kDataName, directory, kDataName); number != 0) {
      throw kernel::CallError{"rename", number};
    }
    try {
      kernel::sync(directory);
    } catch (...) {
      (void)kernel::exchange(stage.directory(), kDataName, directory, kDataName);
      throw;
    }
  } catch (...) {
    take_data_back(stage);
    throw;
  }
}

}  // namespace

void make_limited_data(const Layout& layout, const Deed& deed, const Stage& stage, const VolumeLimit& limit,
                       LimitWay way, const Watch& watch) {
  if (way == LimitWay::BtrfsQuota) {
    have_quotas(deed, stage.directory(), watch);
    const auto data = make_subvolume_of(stage);
    kernel::set_quota(stage.directory(), data.get(), limit.size);
    prove_limit(deed, data.get(), limit);
    kernel::sync(data.get());
  } else {
    const auto data = make_place_of_image(stage);
    make_image(deed, data.get(), path_of(layout, stage), limit, way, watch);
    prove_limit(deed, mount_image(deed, data.get(), way).get(), limit);
  }
  mark_limited(stage, way);
}

kernel::FileDescriptor open_limited_data(const Deed& deed, int directory, LimitWay way) {
  if (!is_image(way)) {
    return open_data_directory(directory);
  }
  constexpr int kAttempts = 16;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const auto data = open_data_directory(directory);
    auto mounted = mount_image(deed, data.get(), way);
    if (kernel::is_at(directory, kDataName, data.get())) {
      return mounted;
    }  // a larger image has taken its place meanwhile
  }
  throw kernel::CallError{"mount the image of its data", EAGAIN};
}

void sync_image(int directory) { sync_data_image(open_data_directory(directory).get()); }

void put_quota(const Deed& deed, int directory, const VolumeLimit& limit) {
  const auto data = open_data_directory(directory);
  if (::syncfs(data.get()) != 0) {  // it counts what is on the disk
    throw kernel::CallError{"syncfs", errno};
  }
  const auto quota = kernel::quota_of(data.get());
  if (quota && quota->used > limit.size) {
    throw deed_failure(deed, fmt::format("its data takes {} bytes, more than the limit of {}", quota->used, limit.size),
                       std::make_error_code(std::errc::no_space_on_device),
                       "delete some of it, or give a larger limit");
  }
  kernel::set_quota(directory, data.get(), limit.size);
}

void keep_limit(const Layout& layout, const Deed& deed, const Stage& stage, const VolumeInfo& volume,
                const Watch& watch) {
  const auto data = is_in_store(volume.limit_way) ? open_data_directory(stage.directory()) : kernel::FileDescriptor{};
  if (is_image(volume.limit_way) && size_of_image(data.get()) < volume.limit.size) {
    grow_image(deed, data.get(), path_of(layout, stage), volume.limit.size, volume.limit_way, watch);
  }
  if (volume.limit_way == LimitWay::BtrfsQuota) {
    kernel::set_quota(stage.directory(), data.get(), volume.limit.size);
    kernel::sync(data.get());
  }
}

void change_limit(const Layout& layout, const Deed& deed, int directory, const VolumeInfo& volume,
                  const VolumeLimit& limit, const Watch& watch) {
  if (volume.limit_way == LimitWay::BtrfsQuota) {
    put_quota(deed, directory, limit);
  } else if (is_image(volume.limit_way)) {
    const auto data = open_data_directory(directory);
    if (grows_while_mounted(volume.limit_way)) {
      grow_image(deed, data.get(), layout.mountpoint(deed.volume), limit.size, volume.limit_way, watch);
    } else {
      grow_copy(layout, deed, directory, data.get(), limit, volume.limit_way, watch);
    }
  }
}

VolumeLimit found_limit(int directory, LimitWay way) {
  const auto data = open_data_directory(directory);
  if (is_image(way)) {
    return {.size = size_of_image(data.get()), .inodes = 0};
  }
  const auto quota = way == LimitWay::BtrfsQuota ? kernel::quota_of(data.get()) : std::nullopt;
  return {.size = quota ? quota->size : 0, .inodes = 0};
}

}  // namespace dunnage::volume
