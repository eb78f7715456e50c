// SPDX-License-Identifier: Apache-2.0
#include "image/mount_room.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "volume/limit_choice.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <exception>

namespace dunnage::image {
namespace {

constexpr const char* kSpare = "spare";
/// XFS sets some 80 blocks aside before it makes a directory, ext4 a few, and btrfs 16 KiB for each of its trees.
constexpr std::uint64_t kRoomOfMount = std::uint64_t{1} << 20U;
constexpr std::uint64_t kRoomInExt4 = std::uint64_t{128} << 10U;

/// \return 0 or errno
int make_spare(const LimitedChanges& changes) {
  const auto top = kernel::require_readable(changes.top.get());
  const kernel::FileDescriptor spare = kernel::create_file(top.get(), kSpare, volume::kPrivateFile);
  const std::uint64_t size = changes.way == LimitWay::Ext4Image ? kRoomInExt4 : kRoomOfMount;
  const int number = spare ? kernel::allocate(spare.get(), size) : 0;  // or it is there
  if (number != 0) {
    (void)::unlinkat(top.get(), kSpare, 0);
  }
  return number;
}

void sync_all(int top) {
  if (::syncfs(kernel::require_readable(top).get()) != 0) {
    throw kernel::CallError{"syncfs", errno};
  }
}

}  // namespace

void keep_room(const LimitedChanges& changes) {
  if (!volume::is_image(changes.way)) {
    return;
  }
  if (const int number = make_spare(changes); number != 0) {
    throw kernel::CallError{"allocate space", number};
  }
  sync_all(changes.top.get());
}

MountRoom::MountRoom(const LimitedChanges& changes, std::uint64_t size) : changes_{&changes}, size_{size} {
  if (changes.way == LimitWay::BtrfsQuota) {
    kernel::change_quota(changes.place.get(), changes.top.get(), size + kRoomOfMount);
  } else if (::unlinkat(changes.top.get(), kSpare, 0) == 0) {
    sync_all(changes.top.get());  // what was freed can be used when that is on the disk
  } else if (errno != ENOENT) {
    throw kernel::CallError{"unlink", errno};
  }
}

MountRoom::~MountRoom() {
  try {
    end();
  } catch (const std::exception&) {
    // the failure that brought us here is the one to report, and no program runs there
  }
}

void MountRoom::end() {
  const LimitedChanges* const changes = changes_;
  changes_ = nullptr;
  if (changes == nullptr) {
    return;
  }
  if (changes->way == LimitWay::BtrfsQuota) {
    kernel::change_quota(changes->place.get(), changes->top.get(), size_);
  } else if (const int number = make_spare(*changes); number != 0 && number != ENOSPC) {
    throw kernel::CallError{"allocate space", number};
  }
}

}  // namespace dunnage::image
