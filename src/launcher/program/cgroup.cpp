// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/cgroup.hpp"

#include "launcher/program/cgroup_settings.hpp"
#include "launcher/program/cgroup_tree.hpp"

#include <linux/sched.h>

namespace dunnage::launcher {
namespace {

Failure failed(Step step, long result) noexcept {
  Failure failure;
  failure.step = step;
  failure.error = result < 0 ? static_cast<int32_t>(-result) : 0;
  return failure;
}

const char* name_of(const Slot& slot) noexcept { return text_of(slot, slot.request->cgroup_name); }

Failure make_one(Slot& slot, const CgroupRecord& record, bool may_forget) noexcept {
  Step step = Step::MakeCgroup;
  const int parent =
      own_cgroup(record, text_of(slot.settings, record.enable), descriptor_of(slot, record.descriptor), step);
  if (parent < 0) {
    return failed(step, parent);
  }
  int result = make_directory_at(parent, name_of(slot), 0755);
  if (result == -ENOENT && may_forget) {
    forget_own_cgroup(record.hierarchy);
    return make_one(slot, record, false);
  }
  if (result == -EEXIST) {  // of its former run, whose last process took its time
    (void)remove_cgroup(record.hierarchy, name_of(slot), (record.flags & kCgroupUnified) != 0);
    result = make_directory_at(parent, name_of(slot), 0755);
  }
  if (result < 0) {
    return failed(Step::MakeCgroup, result);
  }
  OwnCgroup& made = slot.cgroups[slot.cgroup_count++];
  made = {-1, record.hierarchy, record.flags};
  made.directory = open_at(parent, name_of(slot), O_PATH | O_DIRECTORY | O_NOFOLLOW);
  return failed(Step::MakeCgroup, made.directory);
}

/// Children are processes of their own: "0" is who writes.
long join(int directory) noexcept {
  const int file = open_at(directory, "cgroup.procs", O_WRONLY | O_NOFOLLOW);
  if (file < 0) {
    return file;
  }
  const long result = write_bytes(file, "0", 1);
  (void)close_descriptor(file);
  return result;
}

}  // namespace

Failure make_cgroups(Slot& slot) noexcept {
  const Settings& settings = slot.settings;
  if (settings.cgroups.count > 0 && name_of(slot) == nullptr) {
    return failed(Step::ReceiveRequest, -EBADMSG);
  }
  for (uint32_t index = 0; index < settings.cgroups.count; ++index) {
    if (const Failure failure = make_one(slot, cgroups_of(settings)[index], true); failure.error != 0) {
      return failure;
    }
  }
  return apply_settings(slot, settings);
}

void remove_cgroups(Slot& slot) noexcept {
  while (slot.cgroup_count > 0) {
    OwnCgroup& cgroup = slot.cgroups[--slot.cgroup_count];
    close_and_clear(cgroup.directory);
    (void)remove_cgroup(cgroup.hierarchy, name_of(slot), (cgroup.flags & kCgroupUnified) != 0);
  }
}

bool is_oom_killed(const Slot& slot) noexcept {
  for (uint32_t index = 0; index < slot.cgroup_count; ++index) {
    const OwnCgroup& cgroup = slot.cgroups[index];
    if ((cgroup.flags & kCgroupMemory) != 0) {
      const bool unified = (cgroup.flags & kCgroupUnified) != 0;
      uint64_t count = 0;
      return read_field(cgroup.directory, unified ? "memory.events" : "memory.oom_control", "oom_kill ", count) &&
             count > 0;
    }
  }
  return false;
}

int unified_cgroup(const Slot& slot) noexcept {
  for (uint32_t index = 0; index < slot.cgroup_count; ++index) {
    if ((slot.cgroups[index].flags & kCgroupUnified) != 0) {
      return slot.cgroups[index].directory;
    }
  }
  return -1;
}

void join_cgroups(Child& child, const Slot& container) noexcept {
  for (uint32_t index = 0; index < container.cgroup_count; ++index) {
    if ((container.cgroups[index].flags & kCgroupUnified) == 0) {
      require(child, Step::JoinCgroup, join(container.cgroups[index].directory));
    }
  }
  // the namespace has the caller's cgroups for its roots, and a clone with CLONE_INTO_CGROUP those of its parent
  if (container.cgroup_count > 0 && !child.slot.is_exec) {
    require(child, Step::JoinCgroup, raw_syscall(__NR_unshare, CLONE_NEWCGROUP));
  }
}

Failure update_cgroups(Slot& slot, const uint8_t* payload, uint32_t size) noexcept {
  if (size < sizeof(LaunchPayload) || payload[size - 1] != 0) {
    return failed(Step::ReceiveRequest, -EBADMSG);
  }
  auto* bytes = static_cast<uint8_t*>(map_memory(size));
  if (bytes == nullptr) {
    return failed(Step::ReceiveRequest, -ENOMEM);
  }
  __builtin_memcpy(bytes, payload, size);
  const auto& request = *reinterpret_cast<const LaunchPayload*>(bytes);
  const Settings fresh{bytes, size, request.cgroups, request.settings, size};
  Failure failure;
  if (!settings_inside(fresh)) {
    failure = failed(Step::ReceiveRequest, -EBADMSG);
  }
  for (uint32_t index = 0; failure.error == 0 && index < fresh.cgroups.count; ++index) {
    const CgroupRecord& record = cgroups_of(fresh)[index];
    Step step = Step::FindCgroup;
    const int own =
        find_cgroup(slot, record) == nullptr ? -ENOENT : own_cgroup(record, text_of(fresh, record.enable), -1, step);
    failure = failed(step, own);
  }
  failure = failure.error != 0 ? failure : replace_settings(slot, fresh);
  if (failure.error != 0) {
    unmap_memory(bytes, size);
    return failure;
  }
  if (slot.settings.mapped != 0) {
    unmap_memory(const_cast<uint8_t*>(slot.settings.bytes), slot.settings.mapped);
  }
  slot.settings = fresh;
  return failure;
}

}  // namespace dunnage::launcher
