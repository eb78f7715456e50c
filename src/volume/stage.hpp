// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A volume in the making, out of everybody's sight until it is whole.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <string>
#include <string_view>

namespace dunnage::volume {

/// A directory in `staging/`. Its maker holds its lock file, so that others can tell work in progress from what a
/// killed process left. Unless published it is deleted again. Throws: CallError.
class Stage {
 public:
  explicit Stage(const Layout& layout);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  /// The directory that becomes the volume.
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }

  /// Syncs the directory and renames it to `volumes/<name>`, synced as well. Files in it must have been synced.
  /// \return false if the name is taken; the stage is unchanged then
  [[nodiscard]] bool publish(const std::string& name);

 private:
  bool take_lock();
  void make_directory();
  void discard() noexcept;

  const Layout& layout_;
  std::string id_;
  kernel::FileDescriptor staging_;
  kernel::FileDescriptor directory_;
  kernel::FileDescriptor lock_;
};

/// Moves to the trash what no living process makes. Throws: CallError.
void sweep_staging(const Layout& layout);

}  // namespace dunnage::volume
