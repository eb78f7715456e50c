// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Making the handles of volumes.

#include <dunnage/volume.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <utility>

namespace dunnage {

/// Most who list volumes ask for names and labels. A path costs more than all the rest of a record, so it is put
/// together when it is asked for.
struct Volume::Record {
  Record(VolumeInfo known, std::shared_ptr<const std::string> directory)
      : info{std::move(known)}, volumes{std::move(directory)} {}

  mutable VolumeInfo info;  // its mountpoint alone changes, once
  std::shared_ptr<const std::string> volumes;
  mutable std::once_flag complete;
};

class VolumeAccess {
 public:
  [[nodiscard]] static Volume make(VolumeInfo info);

  /// \param volumes  the directory of all volumes with a slash at its end, from which the mountpoint follows
  [[nodiscard]] static Volume make(VolumeInfo info, std::shared_ptr<const std::string> volumes);

  /// The same of thousands, each written where it stays.
  template <typename Write>
  [[nodiscard]] static Volume make(const std::shared_ptr<const std::string>& volumes, Write&& write) {
    auto record = std::make_shared<Volume::Record>(VolumeInfo{}, volumes);
    write(record->info);
    return Volume{std::move(record)};
  }

  /// All but the mountpoint.
  [[nodiscard]] static const VolumeInfo& known(const Volume& volume) noexcept { return volume.record_->info; }
};

}  // namespace dunnage
