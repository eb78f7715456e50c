// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What whoever changes the volumes of a store does first, the library and the launcher program alike; why stands in
/// volume/index.hpp.

#include "kernel/calls.hpp"

#include <cstddef>
#include <cstdint>

namespace dunnage::launcher {

/// Where things lie in a store, from its root.
inline constexpr const char* kVolumeLock = "version";  ///< held, shared, by whoever is changing something
inline constexpr const char* kVolumeIndex = "volume-index";
inline constexpr const char* kVolumeLog = "volume-index/changed";

inline constexpr size_t kMostLoggedBytes = 128;
/// A log that is longer is of no use to anybody, and its index is put away.
inline constexpr size_t kMostVolumeLogBytes = size_t{1} << 20U;

/// A number that another text has with a probability of 2^-64. No secret is in it: it finds damage, not malice.
inline uint64_t check_sum(const char* bytes, size_t size) noexcept {
  constexpr uint64_t kFactor = 0x9e3779b97f4a7c15U;
  constexpr unsigned kTurn = 29;
  uint64_t sum = size * kFactor;
  uint64_t word = 0;
  for (; size >= sizeof word; bytes += sizeof word, size -= sizeof word) {
    __builtin_memcpy(&word, bytes, sizeof word);
    sum = (sum ^ word) * kFactor;
    sum = sum << kTurn | sum >> (64 - kTurn);
  }
  word = 0;
  for (size_t index = 0; index < size; ++index) {
    word |= uint64_t{static_cast<unsigned char>(bytes[index])} << (8 * index);
  }
  sum = (sum ^ word) * kFactor;
  return (sum ^ sum >> 32U) * kFactor;
}

/// Kind, length of the content, content, checksum of these.
struct VolumeLogRecord {
  static constexpr char kName = 'N';
  static constexpr char kTime = 'T';
  static constexpr size_t kHead = 2;

  char bytes[kHead + kMostLoggedBytes + sizeof(uint32_t)]{};
  size_t size = 0;
};

/// \param size  at most kMostLoggedBytes
inline VolumeLogRecord volume_log_record(char kind, const char* content, size_t size) noexcept {
  VolumeLogRecord record;
  record.bytes[0] = kind;
  record.bytes[1] = static_cast<char>(size);
  for (size_t index = 0; index < size; ++index) {
    record.bytes[VolumeLogRecord::kHead + index] = content[index];
  }
  const size_t summed = VolumeLogRecord::kHead + size;
  const auto check = static_cast<uint32_t>(check_sum(record.bytes, summed));
  __builtin_memcpy(record.bytes + summed, &check, sizeof check);
  record.size = summed + sizeof check;
  return record;
}

}  // namespace dunnage::launcher
