// SPDX-License-Identifier: Apache-2.0
#include "volume/removal.hpp"

#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/trash.hpp"
#include "volume/users.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kRemoveVolume = "remove volume";

}  // namespace

std::string take_out(const Layout& layout, const std::string& name, int trash_fd) {
  // A lock without a user is held for an instant only: by who publishes the volume, by who begins to use it, or by
  // who removes it as well. On a busy machine that one may wait for a processor.
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  while (true) {
    const kernel::FileDescriptor volume = open_volume_directory(layout, name);
    if (!volume) {
      throw missing_failure(kRemoveVolume, name, names_to_suggest(layout));
    }
    const kernel::FileDescriptor lock = open_lock(volume.get());
    if (!lock) {
      continue;  // somebody else was faster
    }
    if (!kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
      auto users = names_of(living_users(volume.get()));
      if (!users.empty() || std::chrono::steady_clock::now() > deadline) {
        throw in_use_failure(kRemoveVolume, name, std::move(users));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
      continue;
    }
    std::optional<std::string> trashed;
    if (kernel::is_at(layout.volumes.get(), name, volume.get())) {
      const VolumeChange change{layout, name};
      trashed = move_to_trash(layout.volumes.get(), name, trash_fd);
    }
    kernel::unlock(lock.get());
    if (trashed) {
      return std::move(*trashed);  // a copy may need memory that is not there
    }
  }
}

}  // namespace dunnage::volume
