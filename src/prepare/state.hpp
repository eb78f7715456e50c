// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What PreparedMounts owns.

#include <dunnage/mount_plan.hpp>
#include <dunnage/prepared_mounts.hpp>

#include "kernel/file_descriptor.hpp"
#include "launcher/identity.hpp"
#include "prepare/user.hpp"
#include "volume/use.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {

/// A volume prepare() made that goes when nobody takes it.
struct AnonymousVolume {
  std::filesystem::path store;
  std::string name;
};

/// The root of a store, and the name of a volume in it.
using VolumePlace = std::pair<std::filesystem::path, std::string>;

struct PreparedMounts::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();

  /// The volumes whose renames are to be followed from a certain position on.
  [[nodiscard]] std::vector<volume::KnownVolume> known_volumes() const;

  MountPlan plan;
  launcher::Identity identity;
  std::string container_id;
  prepare::Ids user;
  bool for_user = false;                                     ///< a mount depends on who the user is
  std::vector<kernel::FileDescriptor> mounts;                ///< one per mount of the plan, in its order;
                                                             ///< empty for one that is left out
  std::vector<std::uint64_t> ids;                            ///< of these mounts, as far as they are known; else 0
  std::map<std::string, kernel::FileDescriptor> owner_maps;  ///< user namespaces, by the targets of what is followed
  std::vector<kernel::FileDescriptor> locks;                 ///< held as long as the container lives
  std::vector<volume::VolumeUse> uses;
  std::map<VolumePlace, std::size_t> first_uses;  ///< of each volume, in `uses`
  std::vector<AnonymousVolume> anonymous;
  std::vector<std::filesystem::path> created_directories;  ///< outermost first
  bool taken = false;                                      ///< a container has it; nothing is undone
  const pid_t owner = ::getpid();                          ///< a forked copy undoes nothing
};

class PreparedMountsAccess {
 public:
  using State = PreparedMounts::State;

  [[nodiscard]] static PreparedMounts make(std::unique_ptr<State> state) {
    PreparedMounts mounts;
    mounts.state_ = std::move(state);
    return mounts;
  }
  /// Null for mounts that were moved from or never were.
  [[nodiscard]] static State* state(PreparedMounts& mounts) noexcept { return mounts.state_.get(); }
};

}  // namespace dunnage
