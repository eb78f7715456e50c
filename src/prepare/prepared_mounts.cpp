// SPDX-License-Identifier: Apache-2.0
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/calls.hpp"
#include "kernel/lock.hpp"
#include "prepare/state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <memory>
#include <vector>

namespace dunnage {
namespace {

const MountPlan kNoMounts;  // made when the library is loaded, and so without a lock that a forked copy could wait for

/// Somebody has put something there meanwhile, or a link on the way: then it stays.
void take_back(const std::filesystem::path& directory) {
  const kernel::FileDescriptor parent{
      kernel::open_at2(AT_FDCWD, directory.parent_path().c_str(), O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
  if (parent) {
    (void)::unlinkat(parent.get(), directory.filename().c_str(), AT_REMOVEDIR);
  }
}

}  // namespace

PreparedMounts::State::~State() {
  if (owner != ::getpid()) {
    return;
  }
  for (const kernel::FileDescriptor& lock : locks) {
    kernel::unlock(lock.get());  // a forked copy of this process may live long, with copies of the descriptors
  }
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
    take_back(*directory);
  }
}

std::vector<volume::KnownVolume> PreparedMounts::State::known_volumes() const {
  std::vector<volume::KnownVolume> known;
  for (const volume::VolumeUse& use : uses) {
    if (use.known().position > 0) {
      known.push_back(use.known());
    }
  }
  return known;
}

PreparedMounts::PreparedMounts() noexcept = default;
PreparedMounts::PreparedMounts(PreparedMounts&&) noexcept = default;
PreparedMounts& PreparedMounts::operator=(PreparedMounts&&) noexcept = default;
PreparedMounts::~PreparedMounts() = default;

const MountPlan& PreparedMounts::plan() const noexcept { return state_ ? state_->plan : kNoMounts; }

std::size_t PreparedMounts::size() const noexcept { return plan().size(); }

}  // namespace dunnage
