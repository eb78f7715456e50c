// SPDX-License-Identifier: Apache-2.0
// The payload of a request: room for it, and whether all it points to lies in it. tests/fuzz/message_input.cpp asks
// that, too.

#include "launcher/program/slot.hpp"

#include <linux/filter.h>

#include <initializer_list>

namespace dunnage::launcher {
namespace {

bool list_inside(uint32_t size, const List& list, size_t item) noexcept {
  return list.offset % 8 == 0 && list.offset <= size && list.count <= (size - list.offset) / item;
}

bool list_inside(const Slot& slot, const List& list, size_t item) noexcept {
  return list_inside(slot.payload_size, list, item);
}

bool text_inside(const Slot& slot, uint64_t text) noexcept { return text < slot.payload_size; }

/// The list is followed by a null pointer, as execve(2) wants it; the library reserves the word. What is written may
/// not be the request itself, which has been looked at.
bool relocate_list(Slot& slot, List list) noexcept {
  if (list.offset < sizeof(LaunchPayload) || list.count == UINT32_MAX ||
      !list_inside(slot, {list.offset, list.count + 1}, sizeof(uint64_t))) {
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

/// Each text of a source that is followed, and the mount it is of.
bool named_sources_inside(const Slot& slot) noexcept {
  const LaunchPayload& request = *slot.request;
  const auto* records = reinterpret_cast<const NamedSourceRecord*>(slot.payload + request.named_sources.offset);
  for (uint32_t index = 0; index < request.named_sources.count; ++index) {
    const NamedSourceRecord& record = records[index];
    for (const Text text : {record.path, record.replaced, record.lost, record.restored}) {
      if (text == 0 || !text_inside(slot, text)) {
        return false;
      }
    }
    if (record.mount >= request.mounts.count) {
      return false;
    }
  }
  return true;
}

}  // namespace

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
      (request.reports.count > 0 && !relocate_list(slot, request.reports)) ||
      !list_inside(slot, request.released, 2 * sizeof(uint64_t)) ||
      !list_inside(slot, request.groups, sizeof(uint32_t)) || !list_inside(slot, request.filter, sizeof(sock_filter)) ||
      request.filter.count > BPF_MAXINSNS || !list_inside(slot, request.mounts, sizeof(MountRecord)) ||
      !list_inside(slot, request.named_sources, sizeof(NamedSourceRecord))) {
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
  return named_sources_inside(slot);
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
