// SPDX-License-Identifier: Apache-2.0
#include "prepare/volume_claims.hpp"

#include "volume/use.hpp"

#include <algorithm>

namespace dunnage::prepare {
namespace {

/// Changes that go to an overlay are none of the volume.
bool only_reads(const ResolvedMount& mount) { return (mount.read_only || mount.overlay.has_value()) && !mount.chown; }

}  // namespace

void VolumeClaims::add(const ResolvedMount& mount) {
  if (mount.kind != MountKind::Volume || mount.left_out) {
    return;
  }
  Wanted& wanted = wanted_[{mount.store, mount.volume}];
  wanted.claim = volume::both_of(wanted.claim, volume::claim_of(mount.access, only_reads(mount)));
  wanted.timeout = std::max(wanted.timeout, mount.access_timeout);
}

VolumeClaims::Wanted VolumeClaims::wanted(const ResolvedMount& mount) const {
  if (only_kept_) {
    return {};
  }
  const auto found = wanted_.find({mount.store, mount.volume});
  if (found != wanted_.end()) {
    return found->second;
  }
  return {volume::claim_of(mount.access, only_reads(mount)), mount.access_timeout};  // it has got its name just now
}

void VolumeClaims::use(const volume::Layout& layout, const ResolvedMount& mount, const Owner& owner,
                       PreparedMountsAccess::State& state) const {
  const auto [claim, timeout] = wanted(mount);
  const auto [first, is_first] = state.first_uses.emplace(VolumePlace{mount.store, mount.volume}, state.uses.size());
  const volume::VolumeUse* const beside = is_first ? nullptr : &state.uses.at(first->second);
  state.uses.push_back(
      volume::VolumeUse::acquire(layout, mount.volume, owner.id, owner.name,
                                 {.claim = claim, .timeout = timeout, .beside = beside, .shares = owner.runs}));
}

}  // namespace dunnage::prepare
