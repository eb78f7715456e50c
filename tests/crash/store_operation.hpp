// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The calls that change a store, each with what surrounds it, so that one test can kill, fail or starve all of them.

#include <dunnage/error.hpp>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace dunnage::test {

/// A call on the store at `place / "store"`. Other things it needs lie beside that.
struct StoreOperation {
  using Place = std::filesystem::path;

  std::string name;
  /// Makes what is there before the call, in an empty directory.
  std::function<void(const Place&)> prepare;
  /// Opens what the call needs, and answers with the call.
  std::function<std::function<void()>(const Place&)> ready;
  /// Puts back how prepare() left it, whether the call was done or not.
  std::function<void(const Place&)> undo;
  /// What the call answers when it was done before; empty: it succeeds again.
  std::error_code done_before{};
  bool adds = false;          ///< each call makes one more, and puts it where no other is
  bool fails_itself = false;  ///< only the process that makes the call has its system calls fail, not its launcher
  bool launcher = false;      ///< the launcher has a part in it, so several processes make the calls
  bool cache =
      false;  ///< after a failure more or fewer layers may be unpacked, each as a whole: they can be made again
  bool steps = false;    ///< it does several things, each as a whole: those before one that fails stay
  bool resumes = false;  ///< what was done of it before it was killed stays, and the same call again does the rest
  /// It removes several things, and may leave some: it answers with why.
  bool partial = false;
  /// Whoever is killed leaves a volume nobody chose a name for, which nobody uses: it goes with a prune.
  bool orphans = false;
  bool unsynced = false;  ///< nothing of it has to be there after a power cut
  /// Its containers and what they are given have not: what was not synced of them the same call makes again.
  bool unsynced_containers = false;
  bool tells_cause = false;  ///< the error of a call that fails is in the one that is thrown
  /// In the lines of what it makes for a moment: only who is killed leaves that, and the same call takes it away.
  std::string passing{};
  bool passes_later = false;  ///< that goes a moment after the call was done; whoever is killed by then leaves it, too
  /// In the lines of what goes at the end of its container, and stays where it cannot be removed for ever.
  std::string left_at_end{};
  /// In the lines of what it has begun and keeps closed until it is done.
  std::string begun{};
  /// What is wrong after the call, done or not, in the process that made it; empty if nothing is.
  std::function<std::string(const Place&)> wrong{};
  /// What there is of it beside the store, which is a part of the state.
  std::function<std::string(const Place&)> beside{};
  /// Ends what prepare() and undo() have running, before the place goes.
  std::function<void(const Place&)> leave{};
};

[[nodiscard]] std::vector<StoreOperation> volume_operations();
[[nodiscard]] std::vector<StoreOperation> move_operations();
/// Root alone, with mkfs.ext4: not one of all_operations().
[[nodiscard]] std::vector<StoreOperation> limit_operations();
[[nodiscard]] std::vector<StoreOperation> image_operations();
[[nodiscard]] std::vector<StoreOperation> container_operations();
/// Launches, for what becomes of the messages between host and launcher.
[[nodiscard]] std::vector<StoreOperation> talking_operations();
[[nodiscard]] std::vector<StoreOperation> history_operations();
/// Of a container another process launched; its launcher is not among what is traced.
[[nodiscard]] std::vector<StoreOperation> live_operations();
/// Of a container of the process itself, with all of its launcher.
[[nodiscard]] std::vector<StoreOperation> own_live_operations();
/// All but those of containers that run.
[[nodiscard]] std::vector<StoreOperation> transaction_operations();
[[nodiscard]] std::vector<StoreOperation> all_operations();
/// Copies into and out of volumes and containers: files appear one after the other, each as a whole.
[[nodiscard]] std::vector<StoreOperation> copy_operations();
/// Projects of Compose, whose services and volumes are made, changed and removed one after the other.
[[nodiscard]] std::vector<StoreOperation> up_operations();
[[nodiscard]] std::vector<StoreOperation> down_operations();
/// Those of projects whose containers have ended before, so that they can be done in another run of the machine.
[[nodiscard]] std::vector<StoreOperation> ended_project_operations();
/// Containers that are started again.
[[nodiscard]] std::vector<StoreOperation> restart_operations();
/// Exports of volumes to pipes.
[[nodiscard]] std::vector<StoreOperation> export_operations();
/// The pull of an image by its name in a registry. \param name  of one that nobody changes
[[nodiscard]] StoreOperation pull_operation(const std::string& name);
/// Launches of each kind, with everything they can come with.
[[nodiscard]] std::vector<StoreOperation> launch_operations();
/// Root alone, with mkfs.ext4: not one of these.
[[nodiscard]] StoreOperation limited_launch_operation();
/// What is asked of containers that run: further programs, and their end.
[[nodiscard]] std::vector<StoreOperation> asking_operations();
/// File systems in files, mounted by loop devices: root alone, with mkfs.ext4.
[[nodiscard]] std::vector<StoreOperation> disk_operations();

}  // namespace dunnage::test
