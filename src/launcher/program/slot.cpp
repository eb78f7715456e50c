// SPDX-License-Identifier: Apache-2.0
#include "launcher/program/slot.hpp"

#include "launcher/program/added_mounts.hpp"
#include "launcher/program/enter.hpp"
#include "launcher/program/named_source.hpp"
#include "launcher/program/source_loss.hpp"

namespace dunnage::launcher {

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
  slot->later_volumes = slot->later_trash = -1;
  for (LogPipe& log : slot->logs) {
    log.read_end = log.write_end = -1;
  }
  slot->failure.mount = slot->loss.mount = -1;
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
  close_and_clear(slot.later_volumes);
  close_and_clear(slot.later_trash);
  forget_added(slot);
  forget_named_sources(slot);
  close_spare(slot.spare);
  remove_entrance(slot.entrance);
  forget_loss(slot);
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

}  // namespace dunnage::launcher
