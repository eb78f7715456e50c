// SPDX-License-Identifier: Apache-2.0
#include "launch/payload.hpp"

#include "seccomp/filter.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::launch {

std::uint32_t Payload::align() {
  constexpr std::size_t kWord = 8;
  bytes_.resize((bytes_.size() + kWord - 1) / kWord * kWord);
  return static_cast<std::uint32_t>(bytes_.size());
}

std::uint32_t Payload::append(const void* data, std::size_t size) {
  const std::size_t offset = bytes_.size();
  const auto* const first = static_cast<const std::byte*>(data);  // null when there is nothing: no case for memcpy(3)
  bytes_.insert(bytes_.end(), first, first + size);
  return static_cast<std::uint32_t>(offset);
}

launcher::Text Payload::text(std::string_view text) {
  const std::uint32_t offset = append(text.data(), text.size());
  bytes_.push_back(std::byte{0});
  return offset;
}

launcher::List Payload::texts(const std::vector<std::string>& texts) {
  std::vector<std::uint64_t> offsets;
  for (const std::string& entry : texts) {
    offsets.push_back(text(entry));
  }
  offsets.push_back(0);
  const std::uint32_t offset = align();
  (void)append(offsets.data(), offsets.size() * sizeof(std::uint64_t));
  return {offset, static_cast<std::uint32_t>(texts.size())};
}

launcher::List Payload::numbers(std::span<const std::uint32_t> numbers) {
  const std::uint32_t offset = align();
  (void)append(numbers.data(), numbers.size_bytes());
  return {offset, static_cast<std::uint32_t>(numbers.size())};
}

launcher::List Payload::words(std::span<const std::byte> bytes) {
  const std::uint32_t offset = align();
  (void)append(bytes.data(), bytes.size());
  return {offset, 0};
}

void Payload::filter(const Seccomp& seccomp, std::uint64_t capabilities) {
  const auto filter = seccomp::filter_of(seccomp, capabilities);
  if (filter == nullptr) {
    return;
  }
  fixed.filter.offset = align();
  fixed.filter.count = static_cast<std::uint32_t>(filter->program.size());
  fixed.filter_flags = filter->flags;
  (void)append(filter->program.data(), filter->program.size() * sizeof(sock_filter));
}

void Payload::limits(const cgroup::Limits& limits, bool with_places) {
  std::vector<launcher::CgroupRecord> cgroups;
  for (const cgroup::Cgroup& cgroup : limits.cgroups) {
    launcher::CgroupRecord record;
    record.descriptor = with_places ? descriptor(cgroup.hierarchy->base.get()) : -1;
    record.hierarchy = cgroup.hierarchy->number;
    // in version 1 what is mounted together comes together
    const unsigned cpuset = cgroup.hierarchy->unified ? 0U : cgroup.hierarchy->controllers & cgroup::kCpuset;
    record.flags = (cgroup.hierarchy->unified ? launcher::kCgroupUnified : 0U) |
                   (cpuset != 0 ? launcher::kCgroupCpuset : 0U) |
                   ((cgroup.controllers & cgroup::kMemory) != 0 ? launcher::kCgroupMemory : 0U);
    record.controllers = cgroup.controllers;
    record.enable = text(cgroup::words_of(cgroup.controllers));
    cgroups.push_back(record);
  }
  std::vector<launcher::SettingRecord> settings;
  for (const cgroup::Setting& setting : limits.settings) {
    settings.push_back({.cgroup = static_cast<std::uint32_t>(setting.cgroup),
                        .flags = setting.flags,
                        .file = text(setting.file),
                        .value = text(setting.value),
                        .expected = text(setting.expected)});
  }
  fixed.cgroups = {align(), static_cast<std::uint32_t>(cgroups.size())};
  (void)append(cgroups.data(), cgroups.size() * sizeof(launcher::CgroupRecord));
  fixed.settings = {align(), static_cast<std::uint32_t>(settings.size())};
  (void)append(settings.data(), settings.size() * sizeof(launcher::SettingRecord));
}

std::int32_t Payload::descriptor(int fd) {
  if (fd < 0) {
    return -1;
  }
  descriptors_.push_back(fd);
  return static_cast<std::int32_t>(descriptors_.size() - 1);
}

launcher::Request Payload::finish() {
  fixed.mounts.offset = align();
  fixed.mounts.count = static_cast<std::uint32_t>(mounts_.size());
  (void)append(mounts_.data(), mounts_.size() * sizeof(launcher::MountRecord));
  bytes_.push_back(std::byte{0});
  std::memcpy(bytes_.data(), &fixed, sizeof fixed);
  return {std::move(bytes_), std::move(descriptors_)};
}

}  // namespace dunnage::launch
