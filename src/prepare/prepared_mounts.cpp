// SPDX-License-Identifier: Apache-2.0
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/calls.hpp"
#include "prepare/state.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <exception>
#include <memory>

namespace dunnage {
namespace {

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
