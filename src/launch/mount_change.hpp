// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// One change of a mount of a container that runs: as a request to its launcher, and its answer
/// (launcher/program/mount_change.hpp).

#include <dunnage/mount_plan.hpp>

#include "container/record_mounts.hpp"
#include "container/running.hpp"
#include "kernel/file_descriptor.hpp"
#include "launcher/protocol.hpp"
#include "prepare/state.hpp"
#include "volume/use_locks.hpp"

#include <string>
#include <vector>

namespace dunnage::launch {

struct ChangeRequest {
  launcher::MountChange change{};
  std::string target;
  const ResolvedMount* before = nullptr;            ///< what goes
  std::vector<volume::LockedFile> released{};       ///< what is locked for it
  PreparedMountsAccess::State* prepared = nullptr;  ///< what comes, one mount
  container::RecordMounts* record = nullptr;        ///< null without one
  std::string report{};                             ///< for who watches; empty: nothing is reported
  int stop_signal = 0;                              ///< of the container, should it lose what comes
};

struct ChangeAnswer {
  enum class Kind {
    Given,
    NotRunning,
    Lost,  ///< its launcher was killed, and may have put the record in its place
    Late,
  };
  Kind kind = Kind::Given;
  launcher::Failure failure{};
  std::vector<kernel::FileDescriptor> holders;  ///< pidfds
};

/// Sends it and waits, a minute at most. Throws: kernel::CallError, VolumeError.
[[nodiscard]] ChangeAnswer ask_for_change(const container::Running& run, const ChangeRequest& request);

}  // namespace dunnage::launch
