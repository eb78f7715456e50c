// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Reading what is known about volumes.

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "volume/layout.hpp"

#include <optional>
#include <string>

namespace dunnage::volume {

/// What came of reading a volume's metadata. Exactly one of: a volume, damage, or neither when there is no such volume.
/// The mountpoint is left to whoever wants it: putting a path together takes longer than many a reading.
struct Reading {
  std::optional<VolumeInfo> volume;
  std::string damage;  ///< what is wrong, to be put behind "its metadata cannot be used: "
  bool newer = false;  ///< the damage is that only a newer version of this library can read it
};

/// Reads one volume after the other with the same memory. Not for several threads at once.
class VolumeReader {
 public:
  explicit VolumeReader(const Layout& layout);

  /// Throws: CallError when the failure says nothing about the volume (no memory, no descriptors).
  [[nodiscard]] Reading read(const std::string& name);

 private:
  const Layout& layout_;
  std::string path_;
  std::string buffer_;
};

/// What is known of one volume, with its mountpoint.
/// Throws: VolumeError(volume_missing, volume_damaged, not_supported) with that operation; CallError.
[[nodiscard]] VolumeInfo read_volume(const Layout& layout, const std::string& operation, const std::string& name);

/// A volume of which cannot be told whether it is in use is neither. Throws: CallError.
[[nodiscard]] bool matches(const Layout& layout, const VolumeInfo& volume, const VolumeFilter& filter);

[[nodiscard]] VolumeError damaged_failure(const Layout& layout, std::string operation, const std::string& name,
                                          const Reading& reading);

}  // namespace dunnage::volume
