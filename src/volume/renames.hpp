// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which volumes were renamed, for those who know a volume by its old name: records of containers, handles of
/// containers in any process, and the metadata in the volume itself.
///
///     <root>/volume-renames     lines, only ever added:   rename OLD NEW INODE    about to be done
///                                                         done                    it was
///                                                         void                    it was not
///
/// Who renames holds a lock on the file from the first line to the second. Who was killed in between left one line
/// without its second: the inode of the volume's directory says what became of it, and the next one writes that down.
///
/// Who takes a volume by its name notes the *position*, how long the log was then (VolumeUse does). What was renamed
/// since counts, and nothing that was renamed before: so a new volume that was given a name that is free again is no
/// other's, and no clock is asked. The log is synced before the name changes; the name's absence before the second
/// line.

#include <dunnage/volume.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::volume {

inline constexpr const char* kRenamesName = "volume-renames";

/// A volume as somebody knows it.
struct KnownVolume {
  std::filesystem::path store;
  std::string name;
  std::uint64_t position = 0;  ///< in the log of its store, from which on renames are to be followed
  friend bool operator==(const KnownVolume&, const KnownVolume&) = default;
};

/// How long the log is, with no rename half done. Waits a moment for one that is. Throws: CallError.
[[nodiscard]] std::uint64_t rename_position(const Layout& layout);

/// What the volume is called now, and from which position on that is to be followed; as it was if nobody renamed it, or
/// if the store cannot be asked. Never throws but std::bad_alloc.
[[nodiscard]] KnownVolume current_name(const KnownVolume& volume);

/// Reads metadata, as decode_metadata(); that of a volume whose rename was not brought to its end names the old name.
[[nodiscard]] std::optional<std::string> decode_renamed_metadata(const Layout& layout, std::string_view text,
                                                                 const std::string& name, VolumeInfo& volume);

/// Writes down what became of a rename whose process was killed. Never throws.
void settle_renames(const Layout& layout) noexcept;

/// The log in the hands of who renames.
class RenameLog {
 public:
  /// Waits for others who rename, a few seconds at most. Throws: CallError, EBUSY if they do not end.
  explicit RenameLog(const Layout& layout);
  RenameLog(const RenameLog&) = delete;
  RenameLog& operator=(const RenameLog&) = delete;
  ~RenameLog();

  /// On the disk on return.
  void begin(const std::string& from, const std::string& to, std::uint64_t inode);
  /// As well as can be: what is not there is found out by whoever comes next. Never throws.
  void end(bool done) noexcept;

 private:
  void settle(const Layout& layout);

  kernel::FileDescriptor file_;
};

}  // namespace dunnage::volume
