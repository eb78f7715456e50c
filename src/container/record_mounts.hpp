// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The record of a container whose mounts are changed. The configuration with the other mounts is put beside the
/// present one, and the launcher exchanges the two when it makes the change: who is killed leaves the one or the other.

#include "container/config.hpp"
#include "container/record_lock.hpp"
#include "kernel/file_descriptor.hpp"
#include "prepare/state.hpp"
#include "volume/layout.hpp"
#include "volume/renames.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace dunnage::container {

inline constexpr const char* kNextConfigName = "config.json.next";  ///< as launcher/program/mount_change.hpp has it

class RecordMounts {
 public:
  /// Locks it and reads it. \return nothing if it is gone, or another container's. Throws: kernel::CallError,
  /// std::invalid_argument for one that is damaged.
  [[nodiscard]] static std::optional<RecordMounts> open(const volume::Layout& layout, const std::string& name,
                                                        const std::string& id);

  RecordMounts(RecordMounts&& other) noexcept = default;
  RecordMounts& operator=(RecordMounts&&) = delete;
  /// What was proposed and not asked for is taken back.
  ~RecordMounts();

  /// Others may have it meanwhile.
  void pause() noexcept { lock_.reset(); }
  /// Locks it again, and reads it if somebody has changed it. \return false if it is gone. Throws: as open().
  [[nodiscard]] bool resume();
  /// Whether it still says what was read. Of one that is not locked; it may have changed by the time it is.
  [[nodiscard]] bool is_current() const;
  /// Puts the present names of volumes into it: they may have got others since it was read.
  void follow_renames();

  [[nodiscard]] const Config& config() const noexcept { return config_; }
  /// Puts it beside the present one. \param known  of the volumes that are new. Throws: kernel::CallError.
  void propose(MountPlan mounts, const std::vector<AnonymousVolume>& more,
               const std::vector<volume::KnownVolume>& known);

  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  [[nodiscard]] int lock() const noexcept { return lock_->descriptor(); }
  /// The launcher has been asked: what is proposed is its own.
  void asked() noexcept { proposed_ = false; }
  /// It has done it: the record says what was proposed.
  void accept() noexcept;
  /// It has not answered: the record stays locked until it has done what it was asked for.
  void leave_lock() noexcept { lock_->hand_over(); }

 private:
  RecordMounts(kernel::FileDescriptor containers, kernel::FileDescriptor directory, std::string name);
  void read();

  kernel::FileDescriptor containers_;
  kernel::FileDescriptor directory_;
  std::string name_;
  std::unique_ptr<RecordLock> lock_;
  kernel::FileDescriptor read_;  ///< what config_ was read from: it is exchanged, and never written to
  Config config_;
  kernel::FileDescriptor next_read_;  ///< the same of what was proposed
  Config next_;
  bool proposed_ = false;
};

}  // namespace dunnage::container
