// SPDX-License-Identifier: Apache-2.0
#include "volume/stage.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/random_hex.hpp"
#include "kernel/remove_tree.hpp"
#include "volume/layout.hpp"
#include "volume/private_directory.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <new>
#include <string_view>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr int kLockFlags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
constexpr std::size_t kIdDigits = 32;
constexpr std::string_view kLockSuffix = ".lock";

std::string lock_beside(const std::string& id) { return id + std::string{kLockSuffix}; }

bool is_lock(std::string_view name) {
  return name.size() > kLockSuffix.size() && name.substr(name.size() - kLockSuffix.size()) == kLockSuffix;
}

}  // namespace

// The lock comes first, so that there is no instant at which the directory exists and its maker does not hold a lock
// that others can find, beside it or in it:
//
//     staging/ID.lock                 made, locked
//     staging/ID.lock  staging/ID/    directory made
//                      staging/ID/lock    renamed
//                      volumes/NAME/lock  published
Stage::Stage(kernel::FileDescriptor staging) : staging_{std::move(staging)} {
  // A sweeper may lock and delete the file in the instant before we lock it; then we begin again.
  constexpr int kAttempts = 64;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    id_ = kernel::random_hex(kIdDigits);
    if (take_lock()) {
      try {
        make_directory();
      } catch (...) {
        discard();  // a full disk must get back what was taken
        throw;
      }
      return;
    }
  }
  throw kernel::CallError{"lock", EBUSY};
}

bool Stage::take_lock() {
  const std::string name = lock_beside(id_);
  lock_ = kernel::create_file(staging_.get(), name, kPrivateFile);
  return lock_ && kernel::try_lock(lock_.get(), kernel::LockKind::Exclusive) &&
         kernel::is_at(staging_.get(), name, lock_.get());
}

void Stage::make_directory() {
  if (!kernel::make_directory(staging_.get(), id_, kPrivateDirectory)) {
    throw kernel::CallError{"mkdir", EEXIST};
  }
  directory_ = kernel::open_beneath(staging_.get(), id_, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory_) {
    throw kernel::CallError{"open directory", errno};
  }
  const int number = kernel::rename_exclusively(staging_.get(), lock_beside(id_), directory_.get(), kLockName);
  if (number != 0) {
    throw kernel::CallError{"rename", number};
  }
}

void Stage::discard() noexcept {
  try {
    (void)kernel::remove_tree(staging_.get(), id_);  // what stays is swept by a later call
    (void)kernel::remove_tree(staging_.get(), lock_beside(id_));
  } catch (const std::bad_alloc&) {  // likewise
  }
  kernel::unlock(lock_.get());
}

Stage::~Stage() {
  if (!id_.empty()) {
    discard();
  }
}

/// \return false if the name is taken
bool Stage::move_to(int place, const std::string& name) {
  // Shared still keeps sweepers off, and lets users in from the instant the name is there.
  if (!kernel::try_lock(lock_.get(), kernel::LockKind::Shared)) {
    throw kernel::CallError{"lock", EBUSY};
  }
  const int number = kernel::rename_exclusively(staging_.get(), id_, place, name);
  if (number == EEXIST) {
    return false;
  }
  if (number != 0) {
    throw kernel::CallError{"rename", number};
  }
  kernel::unlock(lock_.get());
  return true;
}

bool Stage::publish(int place, const std::string& name, const Around& around) {
  const auto rename = [&](const std::function<bool()>& work) { return around ? around(work) : work(); };
  kernel::sync(directory_.get());
  if (!rename([&] { return move_to(place, name); })) {
    return false;
  }
  try {
    kernel::sync(place);
  } catch (...) {
    // Not acknowledged, so it must not stay. If it cannot be taken back either, the caller knows of the failure.
    (void)rename([&] { return kernel::rename_exclusively(place, name, staging_.get(), id_) == 0; });
    throw;
  }
  id_.clear();
  return true;
}

bool Stage::publish_unsynced(int place, const std::string& name) {
  const bool published = move_to(place, name);
  if (published) {
    id_.clear();
  }
  return published;
}

void Stage::leave() noexcept {
  id_.clear();
  kernel::unlock(lock_.get());
}

namespace {

/// Finds the lock of a directory in the making, wherever its maker has it by now.
kernel::FileDescriptor find_lock(int staging_fd, const std::string& id, int directory_fd) {
  auto lock = kernel::open_beneath(directory_fd, kLockName, kLockFlags);
  if (!lock) {
    lock = kernel::open_beneath(staging_fd, lock_beside(id), kLockFlags);
  }
  if (!lock) {  // it may have been renamed between these two looks
    lock = kernel::open_beneath(directory_fd, kLockName, kLockFlags);
  }
  return lock;
}

void sweep_lock(int staging_fd, const std::string& name) {
  const auto lock = kernel::open_beneath(staging_fd, name, kLockFlags);
  if (lock && kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
    if (kernel::is_at(staging_fd, name, lock.get())) {
      (void)::unlinkat(staging_fd, name.c_str(), 0);  // what stays is swept by a later call
    }
    kernel::unlock(lock.get());
  }
}

void sweep_directory(int staging_fd, const std::string& id, int trash_fd, const FinishStage& finish) {
  const auto directory = kernel::open_beneath(staging_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    if (errno == ENOTDIR || errno == ELOOP) {
      (void)move_to_trash(staging_fd, id, trash_fd);  // nothing of ours
    }
    return;
  }
  const auto lock = find_lock(staging_fd, id, directory.get());
  if (lock && !kernel::try_lock(lock.get(), kernel::LockKind::Exclusive)) {
    return;  // its maker lives
  }
  if (kernel::is_at(staging_fd, id, directory.get()) && !(finish && finish(id, directory.get()))) {
    (void)move_to_trash(staging_fd, id, trash_fd);  // gone: another sweeper was faster
  }
  if (lock) {
    kernel::unlock(lock.get());
  }
}

}  // namespace

void sweep_staging(int staging_fd, int trash_fd, const FinishStage& finish) {
  for (const std::string& name : kernel::names_in(staging_fd)) {
    if (is_lock(name)) {
      sweep_lock(staging_fd, name);
    } else {
      sweep_directory(staging_fd, name, trash_fd, finish);
    }
  }
}

}  // namespace dunnage::volume
