// SPDX-License-Identifier: Apache-2.0
#include "launch/named_sources.hpp"

#include "container/mount_events.hpp"
#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "plan/followed_source.hpp"
#include "prepare/request.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace dunnage::launch {
namespace {

kernel::FileDescriptor open_place(const char* path, int flags) {
  kernel::FileDescriptor opened{::open(path, flags | O_CLOEXEC)};
  if (!opened) {
    throw kernel::CallError{path, errno};
  }
  return opened;
}

/// By what is in memory alone: nobody is asked, and nobody waited for. What is not known counts as no mount point.
bool is_mountpoint(const std::string& path) noexcept {
  constexpr auto kInMemory = RESOLVE_CACHED | RESOLVE_NO_SYMLINKS;
  const kernel::FileDescriptor opened{kernel::open_at2(AT_FDCWD, path.c_str(), O_PATH, kInMemory)};
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC;
  return opened && ::statx(opened.get(), "", kWithoutAsking, STATX_TYPE, &status) == 0 &&
         (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

/// How many names of the path lead to the last mount point on the way.
std::uint32_t mounted_depth(std::string path) {
  auto depth = static_cast<std::uint32_t>(std::ranges::count(path, '/'));
  while (depth > 0 && !is_mountpoint(path)) {
    path.resize(path.rfind('/'));
    --depth;
  }
  return depth;
}

void describe_loss(launcher::NamedSourceRecord& record, const ResolvedMount& mount, int stop_signal) {
  constexpr std::array kPolicies{launcher::OnLoss::Keep, launcher::OnLoss::Repair, launcher::OnLoss::Pause,
                                 launcher::OnLoss::Stop};
  record.watched = mount.follow == Follow::Name ? 1 : 0;
  record.on_loss = kPolicies.at(static_cast<std::size_t>(mount.on_loss.policy));
  record.stop_signal = static_cast<std::uint32_t>(stop_signal);
  record.request.no_links = 1;
  if (mount.on_loss.policy != LossPolicy::Keep) {
    record.interval = static_cast<std::uint32_t>(mount.on_loss.interval.count());
    record.timeout = static_cast<std::uint32_t>(mount.on_loss.timeout.count());
    record.mounted_depth = mounted_depth(mount.source.native());
  }
}

launcher::NamedSourceRecord record_of(Payload& payload, const ResolvedMount& mount, int mounted) {
  launcher::NamedSourceRecord record;
  record.path = payload.text(mount.source.native());
  record.replaced = payload.text(container::encode_event({.kind = MountEvent::Kind::Replaced, .mount = mount}));
  record.lost = payload.text(container::encode_event({.kind = MountEvent::Kind::Lost, .mount = mount}));
  record.restored = payload.text(container::encode_event({.kind = MountEvent::Kind::Restored, .mount = mount}));
  record.request = prepare::request_for(mount);
  struct statx status {};  // as it was when it was mounted: it may have stopped to answer since
  if (::statx(mounted, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &status) != 0) {
    throw kernel::CallError{"statx", errno};
  }
  record.type = status.stx_mode & static_cast<unsigned>(S_IFMT);
  record.device = makedev(status.stx_dev_major, status.stx_dev_minor);
  record.inode = status.stx_ino;
  return record;
}

}  // namespace

bool follows_names(const MountPlan& plan) {
  return std::ranges::any_of(plan,
                             [](const ResolvedMount& mount) { return plan::is_looked_for(mount) && !mount.left_out; });
}

HostPlaces open_host_places(const launcher::Identity& identity) {
  HostPlaces places{.root = open_place("/", O_PATH | O_DIRECTORY), .mounts = {}};
  if (!identity.rootless()) {
    places.mounts = open_place("/proc/thread-self/ns/mnt", O_RDONLY);
  }
  return places;
}

void describe_named_sources(Payload& payload, const MountPlan& plan, const PreparedMountsAccess::State& prepared,
                            const HostPlaces& host, int stop_signal) {
  std::vector<launcher::NamedSourceRecord> records;
  const std::vector<launcher::MountRecord> mounts = payload.mounts();
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::int32_t number = mounts[index].plan_index;
    if (number < 0 || !plan::is_looked_for(plan[static_cast<std::size_t>(number)])) {
      continue;
    }
    const ResolvedMount& mount = plan[static_cast<std::size_t>(number)];
    launcher::NamedSourceRecord record = record_of(payload, mount, payload.descriptor_at(mounts[index].descriptor));
    record.mount = static_cast<std::uint32_t>(index);
    describe_loss(record, mount, stop_signal);
    const auto map = prepared.owner_maps.find(mount.target);
    record.user_namespace = map == prepared.owner_maps.end() ? -1 : payload.descriptor(map->second.get());
    records.push_back(record);
  }
  payload.fixed.host_root = payload.descriptor(host.root.get());
  payload.fixed.host_mounts = payload.descriptor(host.mounts ? host.mounts.get() : -1);
  payload.fixed.named_sources = payload.words(std::as_bytes(std::span{records}));
  payload.fixed.named_sources.count = static_cast<std::uint32_t>(records.size());
}

}  // namespace dunnage::launch
