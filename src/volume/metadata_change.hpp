// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Putting new metadata in the place of old.
///
///     volumes/NAME/metadata.lock   locked by who changes the metadata; when it was written last is when that was
///                                  changed last, by which whoever repairs it knows an index that is older
///
/// Whoever changes it holds the volume's own lock as well, so that it is not removed meanwhile.

#include <dunnage/volume.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"
#include "volume/stage.hpp"

#include <chrono>
#include <string>

namespace dunnage::volume {

inline constexpr const char* kMetadataLockName = "metadata.lock";

struct ReadMetadata {
  std::string text;
  VolumeInfo info;
};

/// The metadata of a volume that somebody holds, as it is on the disk, and what it says.
/// Throws: VolumeError(volume_missing) if it is not called so any more, VolumeError(volume_damaged, not_supported), all
/// with that operation; CallError.
[[nodiscard]] ReadMetadata read_metadata(const Layout& layout, const std::string& operation, const std::string& name,
                                         int directory);

/// Excludes others that change the metadata of the volume, or of the entry of the trash, that is open as `directory`.
class MetadataLock {
 public:
  /// A change takes a moment, and its syncs.
  static constexpr auto kPatience = std::chrono::minutes{1};

  /// Throws: CallError, with EBUSY if somebody holds it for so long.
  explicit MetadataLock(int directory, std::chrono::milliseconds patience = kPatience);
  MetadataLock(const MetadataLock&) = delete;
  MetadataLock& operator=(const MetadataLock&) = delete;
  ~MetadataLock();

  /// To be called before the change, once it is certain to be tried. On the disk on return. Throws: CallError.
  void note_change() const;

 private:
  kernel::FileDescriptor lock_;
};

/// Metadata that is on the disk, and in no volume yet. A killed process leaves it in `staging/`.
class NewMetadata {
 public:
  /// Throws: CallError.
  NewMetadata(const Layout& layout, const std::string& text);
  /// Puts it into the place of the metadata that is there, at one instant, and on the disk. The caller holds a
  /// MetadataLock, and a VolumeChange if the volume can be listed.
  /// Throws: CallError, and the old one is back.
  void put(int directory) const;

 private:
  Stage stage_;
};

}  // namespace dunnage::volume
