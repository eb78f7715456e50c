// SPDX-License-Identifier: Apache-2.0
#include "volume/snapshot_content.hpp"

#include "kernel/call_error.hpp"
#include "volume/data_image.hpp"
#include "volume/failure.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limited_data.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <system_error>

namespace dunnage::volume {
namespace {

/// A file system in an image is full before the disk is, on which it would be an error of that device.
bool says_full(const std::error_code& code, LimitWay way) {
  return is_image(way) ? code == std::errc::no_space_on_device
                       : code.category() == std::system_category() && code.value() == EDQUOT;
}

/// What has no room under a limit says how to mend that, which is not "make room on the disk".
CopiedData copy_fitting(const Deed& deed, int from, const Stage& stage, const HeldLimit& held, const Watch& watch) {
  try {
    return with_deed(deed, [&] { return copy_data(deed, stage, {.from = from, .quiet = true}, watch); });
  } catch (const VolumeError& error) {
    if (held.way == LimitWay::None || !says_full(error.code(), held.way)) {
      throw;
    }
    const VolumeLimit& limit = held.limit;
    throw deed_failure(deed,
                       fmt::format("what it holds does not fit in a limit of {} bytes{}", limit.size,
                                   limit.inodes == 0 ? "" : fmt::format(" and {} inodes", limit.inodes)),
                       std::make_error_code(std::errc::no_space_on_device),
                       "delete some of it, or give a larger limit");
  }
}

/// Whether its data is as that of the volume, and may stay so.
bool is_held_alike(const OpenSnapshot& snapshot, const VolumeInfo& volume) {
  if (snapshot.info.limit_way != volume.limit_way) {
    return false;
  }
  return !is_image(volume.limit_way) ||
         (snapshot.info.limit.inodes == volume.limit.inodes && size_of_image(snapshot.data.get()) <= volume.limit.size);
}

/// A limit that has become smaller since may be less than the snapshot takes.
void require_fit(const Deed& deed, const OpenSnapshot& snapshot, const Stage& stage, const VolumeInfo& volume) {
  const std::uint64_t then = snapshot.info.limit.size;
  if (volume.limit_way == LimitWay::BtrfsQuota && (then == 0 || then > volume.limit.size)) {
    put_quota(deed, stage.directory(), volume.limit);
  }
}

}  // namespace

kernel::FileDescriptor open_snapshot_content(const Deed& deed, const OpenSnapshot& snapshot) {
  if (is_image(snapshot.info.limit_way)) {
    return look_into_image(deed, snapshot.data.get(), snapshot.info.limit_way);
  }
  kernel::FileDescriptor data{::fcntl(snapshot.data.get(), F_DUPFD_CLOEXEC, 3)};  // it may be closed to this user
  if (!data) {
    throw kernel::CallError{"duplicate a descriptor", errno};
  }
  return data;
}

CopiedData copy_within(const Layout& layout, const Deed& deed, int from, const Stage& stage, const HeldLimit& held,
                       const Watch& watch) {
  if (is_in_store(held.way)) {
    make_limited_data(layout, deed, stage, held.limit, held.way, watch);
  }
  const CopiedData copied = copy_fitting(deed, from, stage, held, watch);
  if (is_image(held.way)) {
    sync_image(stage.directory());
  } else if (held.way == LimitWay::BtrfsQuota) {
    put_quota(deed, stage.directory(), held.limit);  // content that files share is counted, and never refused
  }
  return copied;
}

CopiedData copy_snapshot_within(const Layout& layout, const Deed& deed, const OpenSnapshot& snapshot,
                                const Stage& stage, const VolumeInfo& volume, const Watch& watch) {
  if (!is_held_alike(snapshot, volume)) {
    return with_snapshot(deed, snapshot, [&] {
      const auto content = open_snapshot_content(deed, snapshot);
      return copy_within(layout, deed, content.get(), stage, {volume.limit, volume.limit_way}, watch);
    });
  }
  const CopiedData copied = copy_snapshot_data(deed, snapshot, stage, watch);
  try {
    keep_limit(layout, deed, stage, volume, watch);
    require_fit(deed, snapshot, stage, volume);
    if (is_in_store(volume.limit_way)) {
      mark_limited(stage, volume.limit_way);
    }
  } catch (...) {
    take_data_back(stage);
    throw;
  }
  return copied;
}

}  // namespace dunnage::volume
