// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The data of a volume for who reads it: held, so that nobody removes the volume meanwhile, wherever it lies.

#include <dunnage/volume.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/layout.hpp"
#include "volume/use.hpp"

#include <string>
#include <vector>

namespace dunnage::volume {

/// Where the data is that the options of its driver name: empty for a volume whose data lies in the store.
/// Throws: VolumeError(not_supported) if it is there only while a container mounts it; CallError.
[[nodiscard]] kernel::FileDescriptor open_data_elsewhere(const VolumeInfo& volume, const std::string& operation);

class VolumeData {
 public:
  /// \param operation  for errors: "export volume" \param who  what the use is called meanwhile: "an export"
  /// Throws: VolumeError(volume_missing, volume_damaged, not_supported) or with the errno of what failed.
  VolumeData(const Layout& layout, const VolumeInfo& volume, const std::string& operation, const char* who);

  /// The directory of the data, O_PATH.
  [[nodiscard]] int directory() const noexcept { return elsewhere_ ? elsewhere_.get() : use_.data_fd(); }
  /// Locks that may be given to whoever reads it.
  [[nodiscard]] std::vector<int> locks() const { return use_.lock_fds(); }
  /// Who else has used it since this was made.
  [[nodiscard]] std::vector<std::string> other_users() const;

 private:
  std::string id_;
  VolumeUse use_;
  kernel::FileDescriptor volume_;
  kernel::FileDescriptor elsewhere_;  ///< of a volume whose data is in a directory of the host, or in an image
};

}  // namespace dunnage::volume
