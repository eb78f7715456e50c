// SPDX-License-Identifier: Apache-2.0
#include "volume/removal.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/metadata.hpp"
#include "volume/trash.hpp"
#include "volume/users.hpp"

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kRemoveVolume = "remove volume";

/// Whoever protects it holds its lock, so this is as it was acknowledged.
bool is_protected(int volume, const std::string& name) {
  std::string buffer;
  return says_protected(kernel::read_small_file(volume, kMetadataName, buffer, kMaxMetadataBytes).text, name);
}

std::optional<std::string> move_out(const Layout& layout, const std::string& name, int trash_fd,
                                    const std::string& name_there) {
  const VolumeChange change{layout, name};
  if (name_there.empty()) {
    return move_to_trash(layout.volumes.get(), name, trash_fd);
  }
  const int number = kernel::rename_exclusively(layout.volumes.get(), name, trash_fd, name_there);
  if (number != 0 && number != ENOENT) {
    throw kernel::CallError{"rename", number};
  }
  return number == 0 ? std::optional{name_there} : std::nullopt;
}

}  // namespace

std::string take_out(const Layout& layout, const std::string& name, int trash_fd, const std::string& name_there) {
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
      if (is_protected(volume.get(), name)) {
        kernel::unlock(lock.get());
        throw protected_failure(kRemoveVolume, name);
      }
      trashed = move_out(layout, name, trash_fd, name_there);
    }
    kernel::unlock(lock.get());
    if (trashed) {
      return std::move(*trashed);  // a copy may need memory that is not there
    }
  }
}

}  // namespace dunnage::volume
