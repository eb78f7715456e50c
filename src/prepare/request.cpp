// SPDX-License-Identifier: Apache-2.0
#include "prepare/request.hpp"

#include <linux/mount.h>

#include <cstdint>

namespace dunnage::prepare {
namespace {

std::uint64_t type_of(Propagation propagation) noexcept {
  switch (propagation) {
    case Propagation::Shared:
    case Propagation::RShared:
      return launcher::kShared;
    case Propagation::Slave:
    case Propagation::RSlave:
      return launcher::kSlave;
    default:
      return launcher::kPrivate;
  }
}

/// Copies of mounts below that are shared on the host are born shared. Left so, they would carry to the host what the
/// container mounts there, though "private" and "slave" say that nothing of it gets out.
bool whole_tree(Propagation propagation) noexcept { return propagation != Propagation::Shared; }

}  // namespace

std::uint64_t attributes_of(const ResolvedMount& mount) noexcept {
  std::uint64_t attributes = 0;
  attributes |= mount.read_only ? MOUNT_ATTR_RDONLY : 0U;
  attributes |= mount.suid ? 0U : MOUNT_ATTR_NOSUID;
  attributes |= mount.dev ? 0U : MOUNT_ATTR_NODEV;
  attributes |= mount.exec ? 0U : MOUNT_ATTR_NOEXEC;
  return attributes;
}

launcher::DetachRequest request_for(const ResolvedMount& mount) noexcept {
  launcher::DetachRequest request;
  request.attributes = attributes_of(mount);
  request.attributes_recursive = mount.recursive_read_only ? 1 : 0;
  request.recursive = mount.recursive ? 1 : 0;
  request.is_file = mount.file_kind == FileKind::File ? 1 : 0;
  request.propagation = type_of(mount.propagation);
  request.propagation_recursive = whole_tree(mount.propagation) ? 1 : 0;
  request.size = mount.size;
  request.mode = mount.mode;
  request.uid = mount.uid.value_or(UINT32_MAX);
  request.gid = mount.gid.value_or(UINT32_MAX);
  request.inodes = mount.nr_inodes.value_or(0);
  request.no_swap = mount.no_swap ? 1 : 0;
  request.no_links = mount.kind == MountKind::Bind ? 1 : 0;  // the plan has followed those there were
  request.require_mountpoint = mount.require_mountpoint ? 1 : 0;
  request.whole_entries = mount.transaction.empty() ? 0 : 1;
  return request;
}

}  // namespace dunnage::prepare
