// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The data of a volume as a file system in a file:
///
///     volumes/NAME/limit           "ext4-image": says that `_data` holds an image, which containers never see itself
///     volumes/NAME/_data/image     sparse; as large as the limit
///
/// So a copy of `_data` as it is, be it a snapshot, is a copy of the file system, as long as that is not mounted.

#include <dunnage/volume_limit.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/deed.hpp"

#include <cstdint>
#include <filesystem>

namespace dunnage::volume {

inline constexpr const char* kImageName = "image";

/// Makes an image in the directory `data`, which is empty. On the disk on return.
/// \param path  of that directory, for the program that makes the file system
/// Throws: VolumeError(not_supported), as run_disk_program(); CallError.
void make_image(const Deed& deed, int data, const std::filesystem::path& path, const VolumeLimit& limit, LimitWay way,
                const Watch& watch);

/// The top of the file system, as a detached mount. Who mounts it while others have it mounted has the same one: the
/// file has one loop device, and the kernel keeps one file system for each device.
/// \param data  the directory with the image
/// Throws: VolumeError with what the file system said; CallError.
[[nodiscard]] kernel::FileDescriptor mount_image(const Deed& deed, int data, LimitWay way);

/// The same of an image that stays as it is: nothing is written to it.
[[nodiscard]] kernel::FileDescriptor look_into_image(const Deed& deed, int data, LimitWay way);

/// To the disk, and its name as well. Throws: CallError.
void sync_data_image(int data);

/// Whether it has a loop device, and is so mounted by somebody. Throws: CallError.
[[nodiscard]] bool is_image_mounted(int data);

/// Which file system there is in it, if there is nothing but an image in `data`; else LimitWay::None. Throws:
/// CallError.
[[nodiscard]] LimitWay way_of_image(int data);

/// Throws: CallError.
[[nodiscard]] std::uint64_t size_of_image(int data);

/// Whether growing it to that size was begun, and the file system in it has not taken it yet. Throws: CallError.
[[nodiscard]] bool is_half_grown(int data, std::uint64_t size, LimitWay way);

/// Whether that can be done to one that is mounted.
[[nodiscard]] bool grows_while_mounted(LimitWay way) noexcept;
/// Makes it so large, mounted or not if that can be done then; one that is larger stays as it is. What was begun is
/// gone on with, but for one that does not grow while it is mounted: that may be lost, and has to be a copy nobody
/// mounts. Throws: VolumeError; CallError.
void grow_image(const Deed& deed, int data, const std::filesystem::path& path, std::uint64_t size, LimitWay way,
                const Watch& watch);

/// Nobody mounts the image while this is there. For an instant, or for a copy of it.
class ImageHold {
 public:
  /// Waits a moment for who used it last. Throws: CallError, with EBUSY if it is mounted all the while.
  explicit ImageHold(int data);

 private:
  kernel::FileDescriptor image_;
};

/// Whether an image was mounted or changed while this was there.
class ImageWatch {
 public:
  /// Waits a moment for who used it last. \param data  the directory with the image; outlives it. Throws: CallError.
  explicit ImageWatch(int data);
  /// Throws: CallError.
  [[nodiscard]] bool is_disturbed() const;

 private:
  int data_;
  bool mounted_ = false;
  timespec changed_{};
};

}  // namespace dunnage::volume
