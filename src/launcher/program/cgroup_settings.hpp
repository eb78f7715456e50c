// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Writing to the files of cgroups, and making sure that they say what was written.

#include "launcher/program/slot.hpp"

namespace dunnage::launcher {

/// Writes all settings, in their order, to the slot's cgroups.
Failure apply_settings(const Slot& slot, const Settings& settings) noexcept;
/// The same for cgroups in use: if one fails, all are as they were.
Failure replace_settings(const Slot& slot, const Settings& settings) noexcept;

/// Reads the number after a word at the beginning of a line; false if there is none.
bool read_field(int directory, const char* file, const char* word, uint64_t& number) noexcept;

inline const CgroupRecord* cgroups_of(const Settings& settings) noexcept {
  return reinterpret_cast<const CgroupRecord*>(settings.bytes + settings.cgroups.offset);
}
inline const SettingRecord* list_of(const Settings& settings) noexcept {
  return reinterpret_cast<const SettingRecord*>(settings.bytes + settings.list.offset);
}
inline const char* text_of(const Settings& settings, Text text) noexcept {
  return reinterpret_cast<const char*>(settings.bytes) + text;
}

/// The slot's cgroup that a record of the settings is about; null if it has none there.
const OwnCgroup* find_cgroup(const Slot& slot, const CgroupRecord& record) noexcept;

}  // namespace dunnage::launcher
