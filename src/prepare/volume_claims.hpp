// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a container claims of each of its volumes: as much as all of its mounts of it want, on one lock.

#include <dunnage/mount_plan.hpp>

#include "prepare/prepare.hpp"
#include "prepare/state.hpp"
#include "volume/claim.hpp"
#include "volume/layout.hpp"

#include <chrono>
#include <map>

namespace dunnage::prepare {

class VolumeClaims {
 public:
  /// \param only_kept  nothing runs with them: they are kept from being removed, and nobody is excluded
  explicit VolumeClaims(bool only_kept = false) : only_kept_{only_kept} {}

  /// To be told of all mounts of the container before the first is used.
  void add(const ResolvedMount& mount);
  template <typename Mounts>
  void add_all(const Mounts& mounts) {
    for (const ResolvedMount& mount : mounts) {
      add(mount);
    }
  }

  /// Begins to use the volume of a mount, and has `state` hold it. Throws: VolumeError.
  void use(const volume::Layout& layout, const ResolvedMount& mount, const Owner& owner,
           PreparedMountsAccess::State& state) const;

 private:
  struct Wanted {
    volume::Claim claim = volume::Claim::Presence;
    std::chrono::milliseconds timeout{0};
  };
  [[nodiscard]] Wanted wanted(const ResolvedMount& mount) const;

  std::map<VolumePlace, Wanted> wanted_;
  bool only_kept_;
};

}  // namespace dunnage::prepare
