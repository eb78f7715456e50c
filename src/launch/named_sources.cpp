// SPDX-License-Identifier: Apache-2.0
#include "launch/named_sources.hpp"

#include "container/mount_events.hpp"
#include "kernel/call_error.hpp"
#include "kernel/calls.hpp"
#include "prepare/request.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
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

launcher::NamedSourceRecord record_of(Payload& payload, const ResolvedMount& mount, int mounted) {
  launcher::NamedSourceRecord record;
  record.path = payload.text(mount.source.native());
  record.replaced = payload.text(container::encode_event({.kind = MountEvent::Kind::Replaced, .mount = mount}));
  record.lost = payload.text(container::encode_event({.kind = MountEvent::Kind::Lost, .mount = mount}));
  record.restored = payload.text(container::encode_event({.kind = MountEvent::Kind::Restored, .mount = mount}));
  record.request = prepare::request_for(mount);
  struct stat status {};
  if (::fstat(mounted, &status) != 0) {
    throw kernel::CallError{"fstat", errno};
  }
  record.type = status.st_mode & static_cast<unsigned>(S_IFMT);
  record.device = status.st_dev;
  record.inode = status.st_ino;
  return record;
}

}  // namespace

bool follows_names(const MountPlan& plan) {
  return std::ranges::any_of(
      plan, [](const ResolvedMount& mount) { return mount.follow == Follow::Name && !mount.left_out; });
}

HostPlaces open_host_places(const launcher::Identity& identity) {
  HostPlaces places{.root = open_place("/", O_PATH | O_DIRECTORY), .mounts = {}};
  if (!identity.rootless()) {
    places.mounts = open_place("/proc/thread-self/ns/mnt", O_RDONLY);
  }
  return places;
}

void describe_named_sources(Payload& payload, const MountPlan& plan, const PreparedMountsAccess::State& prepared,
                            const HostPlaces& host) {
  std::vector<launcher::NamedSourceRecord> records;
  const std::vector<launcher::MountRecord> mounts = payload.mounts();
  for (std::size_t index = 0; index < mounts.size(); ++index) {
    const std::int32_t number = mounts[index].plan_index;
    if (number < 0 || plan[static_cast<std::size_t>(number)].follow != Follow::Name) {
      continue;
    }
    const ResolvedMount& mount = plan[static_cast<std::size_t>(number)];
    launcher::NamedSourceRecord record = record_of(payload, mount, payload.descriptor_at(mounts[index].descriptor));
    record.mount = static_cast<std::uint32_t>(index);
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
