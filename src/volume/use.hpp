// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Using a volume: from here until the last copy of its locks is closed, nobody can remove it.

#include "kernel/file_descriptor.hpp"
#include "volume/claim.hpp"
#include "volume/layout.hpp"
#include "volume/renames.hpp"

#include <sys/types.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::volume {

/// One container's hold on one volume. The locks are descriptors: give them to the process that lives as long as the
/// container, and the hold lasts as long as that process, however it ends. Move-only.
class VolumeUse {
 public:
  /// What is asked of the volume.
  struct Request {
    Claim claim = Claim::Write;
    std::chrono::milliseconds timeout{0};  ///< how long to wait for others whose claims exclude it
    /// An earlier use of the same container and volume, whose claim is for both. Null: there is none.
    const VolumeUse* beside = nullptr;
    /// The container may have claimed as much before, in another process: then this only keeps the volume until that
    /// claim is shared with it; see shares_claim().
    bool shares = false;
  };

  /// Throws: VolumeError(volume_missing), VolumeError(volume_in_use) if others are in the way, or if it is being
  /// removed all the while, VolumeError(volume_damaged) if its data directory is gone, VolumeError with the errno of
  /// what failed.
  [[nodiscard]] static VolumeUse acquire(const std::filesystem::path& store_root, const std::string& name,
                                         const std::string& container_id, const std::string& container_name,
                                         const Request& request);
  [[nodiscard]] static VolumeUse acquire(const Layout& layout, const std::string& name, const std::string& container_id,
                                         const std::string& container_name, const Request& request);
  [[nodiscard]] static VolumeUse acquire(const std::filesystem::path& store_root, const std::string& name,
                                         const std::string& container_id, const std::string& container_name) {
    return acquire(store_root, name, container_id, container_name, {});
  }
  [[nodiscard]] static VolumeUse acquire(const Layout& layout, const std::string& name, const std::string& container_id,
                                         const std::string& container_name) {
    return acquire(layout, name, container_id, container_name, {});
  }

  VolumeUse(VolumeUse&& other) noexcept = default;
  VolumeUse& operator=(VolumeUse&& other) noexcept;
  /// Ends the use, unless keep() or release_locks() was called, or this is a forked copy.
  ~VolumeUse();

  /// The directory of the volume.
  [[nodiscard]] int volume_fd() const noexcept { return volume_.get(); }
  /// The directory of the data, O_PATH.
  [[nodiscard]] int data_fd() const noexcept { return data_.get(); }
  /// The volume, and where the log of renames was when this began.
  [[nodiscard]] const KnownVolume& known() const noexcept { return known_; }
  /// The lock that keeps the volume, and the one that says who; numbers to send, still owned here.
  [[nodiscard]] std::vector<int> lock_fds() const;

  /// Its first lock is to be replaced by the one the container has.
  [[nodiscard]] bool shares_claim() const noexcept { return shared_.has_value(); }

  /// Copies of the locks live elsewhere now: the destructor only closes ours.
  void keep() noexcept { kept_ = true; }
  /// Hands the locks over; closing the last copies ends the use. The record is swept by whoever finds it stale.
  [[nodiscard]] std::vector<kernel::FileDescriptor> release_locks();

 private:
  VolumeUse() = default;
  void take_volume(const Layout& layout, const std::string& name, const std::string& container_id,
                   const Request& request);
  void lock_volume(const Layout& layout, const std::string& name, const std::string& container_id,
                   const Request& request);
  [[nodiscard]] bool try_to_share(const std::string& container_id, const Request& request);
  void share_lock(const VolumeUse& other);
  void write_record(const std::string& container_id, const std::string& container_name, Claim claim);
  void end() noexcept;

  KnownVolume known_;
  kernel::FileDescriptor volume_;
  kernel::FileDescriptor users_;
  kernel::FileDescriptor data_;
  kernel::FileDescriptor volume_lock_;
  kernel::FileDescriptor record_lock_;
  std::string record_;
  bool kept_ = false;
  std::optional<Claim> shared_;  ///< what the container has claimed before
  pid_t owner_ = ::getpid();     ///< the use goes on when a forked copy drops it
};

}  // namespace dunnage::volume
