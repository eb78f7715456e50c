// SPDX-License-Identifier: Apache-2.0
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "prepare/state.hpp"

#include <boost/filesystem/operations.hpp>

#include <cstddef>
#include <exception>
#include <memory>

namespace dunnage {

PreparedMounts::State::~State() {
  if (taken) {
    return;
  }
  mounts.clear();
  uses.clear();  // a volume in use cannot be removed
  for (const AnonymousVolume& volume : anonymous) {
    try {
      VolumeStore::open(volume.store).remove(volume.name);
    } catch (const std::exception&) {
      // a destructor cannot report it; the volume is anonymous and unused, so the next prune takes it
    }
  }
  for (auto directory = created_directories.rbegin(); directory != created_directories.rend(); ++directory) {
    boost::system::error_code ignored;  // somebody has put something there meanwhile: then it stays
    (void)boost::filesystem::remove(directory->string(), ignored);
  }
}

PreparedMounts::PreparedMounts() noexcept = default;
PreparedMounts::PreparedMounts(PreparedMounts&&) noexcept = default;
PreparedMounts& PreparedMounts::operator=(PreparedMounts&&) noexcept = default;
PreparedMounts::~PreparedMounts() = default;

const MountPlan& PreparedMounts::plan() const noexcept {
  static const MountPlan empty;
  return state_ ? state_->plan : empty;
}

std::size_t PreparedMounts::size() const noexcept { return plan().size(); }

}  // namespace dunnage
