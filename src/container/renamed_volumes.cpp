// SPDX-License-Identifier: Apache-2.0
#include "container/renamed_volumes.hpp"

#include "volume/layout.hpp"

#include <algorithm>
#include <utility>

namespace dunnage::container {
namespace {

volume::KnownVolume known_of(const ResolvedMount& mount, const std::vector<volume::KnownVolume>& known) {
  const auto found = std::find_if(known.begin(), known.end(), [&](const volume::KnownVolume& one) {
    return one.store == mount.store && one.name == mount.volume;
  });
  return found == known.end() ? volume::KnownVolume{mount.store, mount.volume} : *found;
}

void rename_in(ResolvedMount& mount, const std::string& name) {
  const std::string volumes = mount.store.native() + "/volumes/";
  const std::string before = volume::mountpoint_in(volumes, mount.volume).native();
  const std::string source = mount.source.native();
  if (source == before || source.starts_with(before + "/")) {  // else it is where the options of the volume say
    mount.source = volume::mountpoint_in(volumes, name).native() + source.substr(before.size());
  }
  mount.reasons.push_back("the volume was called \"" + mount.volume + "\" when the container was launched");
  mount.volume = name;
}

}  // namespace

std::vector<RenamedVolume> follow_renames(MountPlan& mounts, std::vector<volume::KnownVolume>& known) {
  std::vector<RenamedVolume> renamed;
  std::vector<volume::KnownVolume> now;
  std::vector<ResolvedMount> changed;
  for (const ResolvedMount& mount : mounts) {
    if (mount.kind != MountKind::Volume || mount.volume.empty()) {
      continue;
    }
    const auto current = volume::current_name(known_of(mount, known));
    if (current.position > 0) {
      now.push_back(current);
    }
    if (current.name != mount.volume) {
      renamed.push_back({mount.store, mount.volume, current.name});
    }
  }
  known = std::move(now);
  if (renamed.empty()) {
    return renamed;
  }
  for (const ResolvedMount& mount : mounts) {
    changed.push_back(mount);
    const auto found = std::find_if(renamed.begin(), renamed.end(), [&](const RenamedVolume& one) {
      return mount.kind == MountKind::Volume && one.store == mount.store && one.from == mount.volume;
    });
    if (found != renamed.end()) {
      rename_in(changed.back(), found->to);
    }
  }
  mounts = MountPlan{std::move(changed)};
  return renamed;
}

}  // namespace dunnage::container
