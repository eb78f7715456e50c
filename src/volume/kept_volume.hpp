// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A volume that somebody works on without using it.

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"

#include <string>

namespace dunnage::volume {

/// A volume that keeps its name, and is not removed, while this is there.
class KeptVolume {
 public:
  enum class Beside {
    Users,   ///< whoever uses it goes on doing so, and others may begin to
    Nobody,  ///< nobody uses it, nor begins to
  };

  /// Throws: VolumeError(volume_missing, volume_in_use) with that operation, CallError.
  KeptVolume(const Layout& layout, const std::string& operation, const std::string& name, Beside beside);
  KeptVolume(const KeptVolume&) = delete;
  KeptVolume& operator=(const KeptVolume&) = delete;
  ~KeptVolume();

  [[nodiscard]] int directory() const noexcept { return directory_.get(); }

  /// Whether somebody else uses it, or keeps it. Throws: CallError.
  [[nodiscard]] bool has_others() const;
  /// From Beside::Users to Beside::Nobody, so that nobody comes between. Waits a moment for who is no user.
  /// \return false if somebody uses it; it is kept as before then. Throws: CallError.
  [[nodiscard]] bool be_alone();

 private:
  kernel::FileDescriptor directory_;
  kernel::FileDescriptor lock_;
};

}  // namespace dunnage::volume
