// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A directory in the making, a volume or a part of an image, out of everybody's sight until it is whole.

#include "kernel/file_descriptor.hpp"

#include <functional>
#include <string>

namespace dunnage::volume {

/// A directory in `staging/`. Its maker holds its lock file, so that others can tell work in progress from what a
/// killed process left. Unless published it is deleted again. Throws: CallError.
class Stage {
 public:
  using Around = std::function<bool(const std::function<bool()>& rename)>;

  /// \param staging  the directory to make it in, readable
  explicit Stage(kernel::FileDescriptor staging);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  ~Stage();

  /// What is in the making, readable.
  [[nodiscard]] int directory() const noexcept { return directory_.get(); }

  /// Its name in the staging directory.
  [[nodiscard]] const std::string& id() const noexcept { return id_; }

  /// Syncs the directory and renames it to `name` in `place`, which is on the same disk, readable, and synced as well.
  /// Files in it must have been synced.
  /// \param around  does the rename it is given, and the one that takes it back, with what goes before and after
  /// \return false if the name is taken; the stage is unchanged then
  [[nodiscard]] bool publish(int place, const std::string& name, const Around& around = {});
  /// The same without any sync: for many at once, when all of their files and directories have been synced. The caller
  /// syncs `place` afterwards.
  [[nodiscard]] bool publish_unsynced(int place, const std::string& name);

  /// Leaves it where it is, for whoever sweeps: see FinishStage.
  void leave() noexcept;

 private:
  [[nodiscard]] bool move_to(int place, const std::string& name);
  bool take_lock();
  void make_directory();
  void discard() noexcept;

  std::string id_;
  kernel::FileDescriptor staging_;
  kernel::FileDescriptor directory_;
  kernel::FileDescriptor lock_;
};

/// Goes on with what a killed process was making, if it can; holds its lock meanwhile. \return whether it is not to be
/// thrown away. \param directory  of the stage
using FinishStage = std::function<bool(const std::string& id, int directory)>;

/// Moves to the trash what no living process makes. Throws: CallError.
void sweep_staging(int staging_fd, int trash_fd, const FinishStage& finish = {});

}  // namespace dunnage::volume
