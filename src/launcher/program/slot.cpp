// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/slot.hpp"

#include "launcher/program/enter.hpp"

#include <linux/filter.h>

namespace dunnage::launcher {
namespace {

bool list_inside(uint32_t size, const List& list, size_t item) noexcept {
  return list.offset % 8 == 0 && list.offset <= size && list.count <= (size - list.offset) / item;
}

bool list_inside(const Slot& slot, const List& list, size_t item) noexcept {
  return list_inside(slot.payload_size, list, item);
}

bool text_inside(const Slot& slot, uint64_t text) noexcept { return text < slot.payload_size; }

/// The list is followed by a null pointer, as execve(2) wants it; the library reserves the word.
bool relocate_list(Slot& slot, const List& list) noexcept {
  if (!list_inside(slot, {list.offset, list.count + 1}, sizeof(uint64_t))) {
    return false;
  }
  auto* words = reinterpret_cast<uint64_t*>(slot.payload + list.offset);
  for (uint32_t index = 0; index < list.count; ++index) {
    if (!text_inside(slot, words[index])) {
      return false;
    }
    words[index] = reinterpret_cast<uint64_t>(slot.payload) + words[index];
  }
  words[list.count] = 0;
  return true;
}

}  // namespace

Slot* Slots::take() noexcept {
  Slot* slot = free_;
  if (slot != nullptr) {
    free_ = slot->next_free;
  } else {
    if (count_ == kMostSlots) {
      return nullptr;
    }
    slot = static_cast<Slot*>(map_memory(sizeof(Slot)));
    if (slot == nullptr) {
      return nullptr;
    }
    slot->index = count_;
    slots_[count_++] = slot;
  }
  const uint32_t index = slot->index;
  const uint32_t generation = slot->generation + 1;
  // the stack and the inline payload stay as they are: clearing them would touch every page of them
  __builtin_memset(static_cast<void*>(slot), 0, offsetof(Slot, stack));
  slot->index = index;
  slot->generation = generation & 0x0fffffffU;
  slot->channel = slot->status = slot->process = slot->terminal = slot->log_fd = slot->child_status = -1;
  for (LogPipe& log : slot->logs) {
    log.read_end = log.write_end = -1;
  }
  slot->failure.mount = -1;
  slot->spare = Spare{};
  slot->life = Life::Receiving;
  ++live_;
  return slot;
}

void Slots::give_back(Slot& slot) noexcept {
  close_and_clear(slot.channel);
  close_and_clear(slot.status);
  close_and_clear(slot.process);
  close_and_clear(slot.terminal);
  close_and_clear(slot.log_fd);
  for (LogPipe& log : slot.logs) {
    close_and_clear(log.read_end);
    close_and_clear(log.write_end);
  }
  close_spare(slot.spare);
  remove_entrance(slot.entrance);
  for (uint32_t index = 0; index < slot.cgroup_count; ++index) {
    close_and_clear(slot.cgroups[index].directory);
  }
  if (slot.settings.mapped != 0) {
    unmap_memory(const_cast<uint8_t*>(slot.settings.bytes), slot.settings.mapped);
  }
  for (uint32_t index = 0; index < slot.descriptor_count; ++index) {
    close_and_clear(slot.descriptors[index]);
  }
  if (slot.descriptors != nullptr && slot.descriptors != slot.inline_descriptors) {
    unmap_memory(slot.descriptors, slot.descriptors_expected * sizeof(int));
  }
  if (slot.payload_mapped != 0) {
    unmap_memory(slot.payload, slot.payload_mapped);
  } else if (slot.payload != nullptr) {
    __builtin_memset(slot.payload, 0, slot.payload_size);  // environments carry secrets
  }
  slot.life = Life::Free;
  slot.next_free = free_;
  free_ = &slot;
  --live_;
}

void Slots::remember_pid(Slot& slot) noexcept {
  Slot*& bucket = by_pid_[static_cast<uint32_t>(slot.pid) % kBuckets];
  slot.next_same_pid = bucket;
  bucket = &slot;
}

void Slots::forget_pid(Slot& slot) noexcept {
  Slot** link = &by_pid_[static_cast<uint32_t>(slot.pid) % kBuckets];
  while (*link != nullptr && *link != &slot) {
    link = &(*link)->next_same_pid;
  }
  if (*link != nullptr) {
    *link = slot.next_same_pid;
  }
  slot.pid = 0;
}

Slot* Slots::find_pid(int pid) noexcept {
  Slot* slot = by_pid_[static_cast<uint32_t>(pid) % kBuckets];
  while (slot != nullptr && slot->pid != pid) {
    slot = slot->next_same_pid;
  }
  return slot;
}

int reserve(Slot& slot, uint32_t payload_size, uint32_t descriptors) noexcept {
  if (payload_size < sizeof(LaunchPayload) || payload_size > kMostPayload || descriptors > kMostDescriptors) {
    return -EINVAL;
  }
  slot.payload_size = payload_size;
  slot.payload = slot.inline_payload;
  if (payload_size > kInlinePayload) {
    slot.payload = static_cast<uint8_t*>(map_memory(payload_size));
    if (slot.payload == nullptr) {
      slot.payload_size = 0;
      return -ENOMEM;
    }
    slot.payload_mapped = payload_size;
  }
  slot.descriptors = slot.inline_descriptors;
  slot.descriptors_expected = descriptors;
  if (descriptors > kInlineDescriptors) {
    slot.descriptors = static_cast<int*>(map_memory(descriptors * sizeof(int)));
    if (slot.descriptors == nullptr) {
      return -ENOMEM;
    }
  }
  return 0;
}

bool relocate(Slot& slot) noexcept {
  if (slot.payload[slot.payload_size - 1] != 0) {
    return false;  // every text ends inside
  }
  slot.request = reinterpret_cast<LaunchPayload*>(slot.payload);
  LaunchPayload& request = *slot.request;
  const bool texts = text_inside(slot, request.working_directory) && text_inside(slot, request.hostname) &&
                     text_inside(slot, request.record_name) && text_inside(slot, request.changes_name);
  if (!texts || !relocate_list(slot, request.argv) || request.argv.count == 0 ||
      !relocate_list(slot, request.environment) || !relocate_list(slot, request.anonymous_volumes) ||
      !list_inside(slot, request.groups, sizeof(uint32_t)) || !list_inside(slot, request.filter, sizeof(sock_filter)) ||
      request.filter.count > BPF_MAXINSNS || !list_inside(slot, request.mounts, sizeof(MountRecord))) {
    return false;
  }
  slot.settings = {slot.payload, slot.payload_size, request.cgroups, request.settings, 0};
  if (!settings_inside(slot.settings) || !text_inside(slot, request.cgroup_name)) {
    return false;
  }
  const MountRecord* mounts = mounts_of(slot);
  for (uint32_t index = 0; index < request.mounts.count; ++index) {
    if (!text_inside(slot, mounts[index].target) || mounts[index].target == 0) {
      return false;
    }
  }
  return true;
}

bool settings_inside(const Settings& settings) noexcept {
  if (!list_inside(settings.size, settings.cgroups, sizeof(CgroupRecord)) || settings.cgroups.count > kMostCgroups ||
      !list_inside(settings.size, settings.list, sizeof(SettingRecord))) {
    return false;
  }
  const auto* cgroups = reinterpret_cast<const CgroupRecord*>(settings.bytes + settings.cgroups.offset);
  for (uint32_t index = 0; index < settings.cgroups.count; ++index) {
    if (cgroups[index].hierarchy >= kMostHierarchies || cgroups[index].enable >= settings.size) {
      return false;
    }
  }
  const auto* list = reinterpret_cast<const SettingRecord*>(settings.bytes + settings.list.offset);
  for (uint32_t index = 0; index < settings.list.count; ++index) {
    const SettingRecord& setting = list[index];
    if (setting.cgroup >= settings.cgroups.count || setting.file >= settings.size || setting.value >= settings.size ||
        setting.expected >= settings.size) {
      return false;
    }
  }
  return true;
}

}  // namespace dunnage::launcher
