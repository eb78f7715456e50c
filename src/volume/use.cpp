// SPDX-License-Identifier: Apache-2.0
#include "volume/use.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/private_directory.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kUseVolume = "use volume";

/// Whose claims exclude this one.
std::vector<User> who_excludes(int volume, const std::string& container_id, Claim claim) {
  std::vector<User> users = living_users(volume);
  std::erase_if(users,
                [&](const User& user) { return user.id == container_id || !exclude_each_other(user.claim, claim); });
  return users;
}

VolumeError damaged_data(const Layout& layout, const std::string& name) {
  return VolumeError{
      {.stage = dunnage::Stage::Store,
       .operation = kUseVolume,
       .subject = name,
       .detail = "",
       .cause = "its data directory is missing or not a directory",
       .code = errc::volume_damaged,
       .remedy = fmt::format("put \"{}\" back, or remove the volume", layout.mountpoint(name).string())}};
}

}  // namespace

VolumeUse VolumeUse::acquire(const std::filesystem::path& store_root, const std::string& name,
                             const std::string& container_id, const std::string& container_name,
                             const Request& request) {
  const auto layout = open_existing_layout(store_root);
  if (!layout) {
    throw missing_failure(kUseVolume, name, {});
  }
  return acquire(*layout, name, container_id, container_name, request);
}

VolumeUse VolumeUse::acquire(const Layout& layout, const std::string& name, const std::string& container_id,
                             const std::string& container_name, const Request& request) {
  VolumeUse use;
  try {
    if (request.beside != nullptr) {
      use.share_lock(*request.beside);
    } else {
      use.take_volume(layout, name, container_id, request);
    }
    use.data_ = kernel::open_beneath(use.volume_.get(), kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0,
                                     kernel::Crossing::Allowed);  // a disk may be mounted there
    if (!use.data_) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        throw damaged_data(layout, name);
      }
      throw kernel::CallError{"open directory", errno};
    }
    use.write_record(container_id, container_name, use.shared_.value_or(request.claim));
  } catch (const kernel::CallError& error) {
    throw call_failure(kUseVolume, name, error);
  }
  return use;
}

/// Whoever renames it meanwhile may have been before us or after us: then it is taken once more.
void VolumeUse::take_volume(const Layout& layout, const std::string& name, const std::string& container_id,
                            const Request& request) {
  for (std::uint64_t before = rename_position(layout);;) {
    lock_volume(layout, name, container_id, request);
    const std::uint64_t after = rename_position(layout);
    if (before == after) {
      known_ = {layout.path, name, after};
      return;
    }
    kernel::unlock(volume_lock_.get());
    before = after;
  }
}

void VolumeUse::lock_volume(const Layout& layout, const std::string& name, const std::string& container_id,
                            const Request& request) {
  // Someone who removes the volume holds its lock for an instant; after that it is gone, or free again.
  const auto begin = std::chrono::steady_clock::now();
  auto pause = std::chrono::milliseconds{1};
  while (true) {
    volume_ = require_volume_directory(layout, kUseVolume, name);
    volume_lock_ = open_lock(volume_.get());
    if (!volume_lock_) {
      continue;  // it was removed just now
    }
    if (try_claim(volume_lock_.get(), request.claim) || try_to_share(container_id, request)) {
      if (kernel::is_at(layout.volumes.get(), name, volume_.get())) {
        (void)::futimens(volume_lock_.get(), nullptr);  // tells when it was used last; see usage_history.cpp
        return;
      }
      continue;
    }
    const auto waited = std::chrono::steady_clock::now() - begin;
    // what a container that runs has of it and cannot share is in its own way
    auto blockers = names_of(who_excludes(volume_.get(), request.shares ? "" : container_id, request.claim));
    if (blockers.empty() ? waited > std::max<std::chrono::nanoseconds>(kPatienceWithOthers, request.timeout)
                         : waited >= request.timeout) {
      throw request.claim == Claim::Write && blockers.empty()
          ? in_use_failure(kUseVolume, name, {})
          : excluded_failure(kUseVolume, name, request.claim, std::move(blockers));
    }
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, std::chrono::milliseconds{16});
  }
}

bool VolumeUse::try_to_share(const std::string& container_id, const Request& request) {
  if (!request.shares) {
    return false;
  }
  for (const User& user : living_users(volume_.get())) {
    if (user.id == container_id && user.claim >= request.claim && exclude_each_other(user.claim, request.claim) &&
        try_claim(volume_lock_.get(), Claim::Presence)) {
      shared_ = user.claim;
    }
  }
  return shared_.has_value();
}

void VolumeUse::share_lock(const VolumeUse& other) {
  const auto copy = [](const kernel::FileDescriptor& of) {
    kernel::FileDescriptor made{::fcntl(of.get(), F_DUPFD_CLOEXEC, 3)};
    if (!made) {
      throw kernel::CallError{"copy descriptor", errno};
    }
    return made;
  };
  volume_ = copy(other.volume_);
  volume_lock_ = copy(other.volume_lock_);
  known_ = other.known_;
}

void VolumeUse::write_record(const std::string& container_id, const std::string& container_name, Claim claim) {
  if (!model::is_valid_volume_name(container_id)) {  // the rule of names is the rule of ids
    throw kernel::CallError{"name record", EINVAL};
  }
  if (!kernel::exists_at(volume_.get(), kUsersName)) {
    (void)kernel::make_directory(volume_.get(), kUsersName, S_IRWXU);  // false: another user was faster
  }
  users_ = kernel::open_beneath(volume_.get(), kUsersName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!users_) {
    throw kernel::CallError{"open directory", errno};
  }
  // One container may mount a volume at several places; each use has a record of its own.
  constexpr int kMaxUses = 4096;
  for (int number = 0; number < kMaxUses; ++number) {
    const std::string file = number == 0 ? container_id : fmt::format("{}.{}", container_id, number);
    auto record = kernel::open_beneath(users_.get(), file, O_RDWR | O_CREAT | O_NOFOLLOW | O_NOCTTY, kPrivateFile);
    if (!record) {
      throw kernel::CallError{"open record", errno};
    }
    if (!kernel::try_lock(record.get(), kernel::LockKind::Exclusive)) {
      continue;
    }
    if (!kernel::is_at(users_.get(), file, record.get())) {
      continue;  // it was stale, and a sweeper deleted it between our open and our lock
    }
    record_lock_ = std::move(record);
    record_ = file;
    if (::ftruncate(record_lock_.get(), 0) != 0) {
      throw kernel::CallError{"truncate record", errno};
    }
    kernel::write_all(record_lock_.get(),
                      encode_user({.id = container_id, .name = container_name, .claim = claim, .pid = ::getpid()}));
    return;
  }
  throw kernel::CallError{"name record", EMFILE};
}

VolumeUse& VolumeUse::operator=(VolumeUse&& other) noexcept {
  if (this != &other) {
    end();
    volume_ = std::move(other.volume_);
    users_ = std::move(other.users_);
    data_ = std::move(other.data_);
    volume_lock_ = std::move(other.volume_lock_);
    record_lock_ = std::move(other.record_lock_);
    record_ = std::move(other.record_);
    known_ = std::move(other.known_);
    kept_ = other.kept_;
    shared_ = other.shared_;
    owner_ = other.owner_;
  }
  return *this;
}

VolumeUse::~VolumeUse() { end(); }

void VolumeUse::end() noexcept {
  if (kept_ || owner_ != ::getpid()) {
    return;
  }
  if (record_lock_) {
    (void)::unlinkat(users_.get(), record_.c_str(), 0);  // a record that stays is stale, and swept
    kernel::unlock(record_lock_.get());
  }
  if (volume_lock_) {
    kernel::unlock(volume_lock_.get());
  }
}

std::vector<int> VolumeUse::lock_fds() const { return {volume_lock_.get(), record_lock_.get()}; }

std::vector<kernel::FileDescriptor> VolumeUse::release_locks() {
  std::vector<kernel::FileDescriptor> locks;
  locks.reserve(2);
  locks.push_back(std::move(volume_lock_));
  locks.push_back(std::move(record_lock_));
  return locks;
}

}  // namespace dunnage::volume
