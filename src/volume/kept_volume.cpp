// SPDX-License-Identifier: Apache-2.0
#include "volume/kept_volume.hpp"

#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "volume/claim.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/users.hpp"

#include <chrono>
#include <thread>
#include <utility>
#include <vector>

namespace dunnage::volume {
namespace {

bool try_keep(int lock, KeptVolume::Beside beside) {
  return beside == KeptVolume::Beside::Nobody ? kernel::try_lock(lock, kernel::LockKind::Exclusive)
                                              : try_claim(lock, Claim::Presence);
}

}  // namespace

KeptVolume::KeptVolume(const Layout& layout, const std::string& operation, const std::string& name, Beside beside) {
  // A lock without a user is held for an instant only: by who publishes the volume, by who begins to use it, or by who
  // removes it as well. On a busy machine that one may wait for a processor.
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  while (true) {
    directory_ = require_volume_directory(layout, operation, name);
    lock_ = open_lock(directory_.get());
    if (!lock_) {
      continue;  // it was removed just now
    }
    if (try_keep(lock_.get(), beside)) {
      if (kernel::is_at(layout.volumes.get(), name, directory_.get())) {
        return;
      }
      kernel::unlock(lock_.get());
      continue;
    }
    auto users = beside == Beside::Nobody ? names_of(living_users(directory_.get())) : std::vector<std::string>{};
    if (!users.empty() || std::chrono::steady_clock::now() > deadline) {
      if (!kernel::is_at(layout.volumes.get(), name, directory_.get())) {
        continue;  // they have just begun to use what somebody has removed, and will find that out
      }
      throw in_use_failure(operation, name, std::move(users));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
}

bool KeptVolume::has_others() const { return kernel::is_locked_by_another(lock_.get(), kernel::LockKind::Exclusive); }

bool KeptVolume::be_alone() {
  const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
  while (!kernel::try_lock(lock_.get(), kernel::LockKind::Exclusive)) {
    if (std::chrono::steady_clock::now() > deadline || !living_users(directory_.get()).empty()) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  return true;
}

KeptVolume::~KeptVolume() { kernel::unlock(lock_.get()); }

}  // namespace dunnage::volume
