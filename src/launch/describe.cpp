// SPDX-License-Identifier: Apache-2.0
// A launch as the request that is sent to the launcher.

#include "launch/environment.hpp"
#include "launch/launch.hpp"
#include "launch/named_sources.hpp"
#include "launch/payload.hpp"
#include "launch/streams.hpp"
#include "prepare/request.hpp"
#include "volume/volume_store_access.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace dunnage::launch {

launcher::MountRecord record_of(const ResolvedMount& mount, std::size_t index) {
  launcher::MountRecord record;
  record.plan_index = static_cast<std::int32_t>(index);
  record.flags = mount.file_kind == FileKind::File ? launcher::kMountFile : 0U;
  if (mount.kind == MountKind::Tmpfs) {
    record.flags |= launcher::kMountTmpfs;
    record.size = mount.size;
    record.mode = mount.mode;
    record.uid = mount.uid.value_or(UINT32_MAX);
    record.gid = mount.gid.value_or(UINT32_MAX);
    record.inodes = mount.nr_inodes.value_or(0);
    record.flags |= mount.no_swap ? launcher::kMountNoSwap : 0U;
    record.attributes = static_cast<std::uint32_t>(prepare::attributes_of(mount));
  }
  return record;
}

void Launch::describe_mounts(Payload& payload) const {
  for (const RootPart& part : root_.parts) {
    launcher::MountRecord record;
    record.flags = launcher::kMountInternal | (part.is_file ? launcher::kMountFile : 0U);
    record.target = payload.text(part.target);
    record.descriptor = payload.descriptor(part.mount.get());
    payload.add_mount(record);
  }
  if (template_ != nullptr) {
    describe_shared(payload);
    return;
  }
  for (std::size_t index = 0; index < plan().size(); ++index) {
    const ResolvedMount& mount = plan()[index];
    if (mount.left_out) {
      continue;
    }
    launcher::MountRecord record = record_of(mount, index);
    record.target = payload.text(mount.target);
    if (follow_) {
      record.flags |= launcher::kMountFollows;
    } else {
      record.descriptor = payload.descriptor(mounts_->mounts.at(index).get());
      record.id = mounts_->ids.at(index);
    }
    payload.add_mount(record);
  }
}

void Launch::describe_record(Payload& payload) const {
  launcher::LaunchPayload& fixed = payload.fixed;
  fixed.flags |= removed_on_exit() ? launcher::kRemoveRecord : 0U;
  if (record_) {
    fixed.record_name = payload.text(name_);
    fixed.record = payload.descriptor(record_->directory.get());
    fixed.containers = payload.descriptor(record_->containers.get());
    fixed.log = payload.descriptor(record_->log.get());
    fixed.control = payload.descriptor(record_->control.get());
  }
  fixed.trash = payload.descriptor(trash_.get());
  describe_changes(payload);
  std::vector<std::string> names;
  for (const AnonymousVolume& volume : anonymous()) {
    names.push_back(volume.name);
  }
  fixed.anonymous_volumes = payload.texts(names);
  if (!store_) {
    return;
  }
  const volume::Layout& layout = VolumeStoreAccess::layout(*store_);
  fixed.volumes = payload.descriptor(layout.volumes.get());
}

/// What the container writes to the root file system of its image.
void Launch::describe_changes(Payload& payload) const {
  if (!changes_) {
    return;
  }
  launcher::LaunchPayload& fixed = payload.fixed;
  fixed.flags |= changes_thrown_away() ? launcher::kRemoveChanges : 0U;
  fixed.changes = payload.descriptor(changes_directory_.get());
  fixed.changes_name = payload.text(id_);
}

std::vector<int> Launch::locks() const {
  std::vector<int> locks;
  if (changes_) {
    locks = image_root_->locks();
    locks.push_back(changes_->lock());
  }
  if (mounts_ == nullptr) {
    return locks;
  }
  for (const volume::VolumeUse& use : mounts_->uses) {
    const std::vector<int> both = use.lock_fds();
    locks.insert(locks.end(), both.begin(), both.end());
  }
  for (const kernel::FileDescriptor& lock : mounts_->locks) {
    locks.push_back(lock.get());
  }
  return locks;
}

void Launch::describe_locks(Payload& payload) const {
  launcher::LaunchPayload& fixed = payload.fixed;
  for (const int lock : locks()) {
    const std::int32_t index = payload.descriptor(lock);
    fixed.first_lock = fixed.first_lock < 0 ? index : fixed.first_lock;
    ++fixed.lock_count;
  }
}

/// The launcher gets no lock, which it would take for its own and give up when it is done.
launcher::Request Launch::describe_assembly() const {
  Payload payload;
  payload.fixed.flags = launcher::kAssemble | (spec_.read_only_root ? launcher::kReadOnlyRoot : 0U);
  payload.fixed.argv = payload.texts(spec_.argv);
  payload.fixed.environment = payload.texts({});
  payload.fixed.anonymous_volumes = payload.texts({});
  payload.fixed.rootfs = payload.descriptor(root_.mount.get());
  describe_mounts(payload);
  return payload.finish();
}

launcher::Request Launch::describe(OpenStreams& streams) const {
  Payload payload;
  launcher::LaunchPayload& fixed = payload.fixed;
  fixed.flags |= spec_.read_only_root ? launcher::kReadOnlyRoot : 0U;
  fixed.flags |= spec_.no_new_privileges ? launcher::kNoNewPrivileges : 0U;
  fixed.flags |= spec_.network == Network::Host ? launcher::kHostNetwork : 0U;
  fixed.flags |= detached() ? launcher::kDetached : 0U;
  fixed.flags |= spec_.restart.kind == RestartPolicy::Kind::Always      ? launcher::kRestartAlways
                 : spec_.restart.kind == RestartPolicy::Kind::OnFailure ? launcher::kRestartOnFailure
                                                                        : 0U;
  const bool logged_terminal = spec_.terminal && spec_.lifetime == Lifetime::Detached;
  fixed.flags |= logged_terminal ? launcher::kLogTerminal : 0U;
  fixed.flags |= spec_.timings ? launcher::kTimings : 0U;
  fixed.max_retries = spec_.restart.max_retries;
  fixed.uid = user_.uid;
  fixed.gid = user_.gid;
  fixed.groups = payload.numbers(user_.groups);
  fixed.capabilities = capabilities_;
  payload.filter(spec_.seccomp, capabilities_);
  fixed.argv = payload.texts(spec_.argv);
  fixed.environment = payload.texts(lines_of(environment_));
  fixed.working_directory = payload.text(spec_.cwd);
  fixed.hostname = payload.text(hostname_);
  fixed.rootfs = payload.descriptor(root_.mount.get());
  if (!limits_.cgroups.empty()) {
    fixed.cgroup_name = payload.text(id_);
    payload.limits(limits_, true);
  }
  streams.describe(payload);
  fixed.follow = payload.descriptor(follow_theirs_.get());
  describe_mounts(payload);
  if (host_) {
    describe_named_sources(payload, plan(), *mounts_, *host_, spec_.stop_signal);
  }
  describe_record(payload);
  describe_locks(payload);
  return payload.finish();
}

}  // namespace dunnage::launch
