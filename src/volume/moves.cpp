// SPDX-License-Identifier: Apache-2.0
// Volumes under other names, in other stores, and of other engines.

#include <dunnage/volume_store.hpp>

#include "volume/adoption.hpp"
#include "volume/copy_volume.hpp"
#include "volume/failure.hpp"
#include "volume/rename.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <string>

namespace dunnage {
Volume VolumeStore::rename(const std::string& name, const std::string& new_name) {
  return volume::explained(volume::kRenameVolume, name,
                           [&] { return VolumeAccess::make(volume::rename_volume(state_->layout, name, new_name)); });
}

Volume VolumeStore::copy(const std::string& name, const std::string& new_name, const VolumeCopyOptions& options) {
  return copy_to(name, *this, new_name, options);
}

Volume VolumeStore::copy_to(const std::string& name, VolumeStore& other, const std::string& new_name,
                            const VolumeCopyOptions& options) const {
  return volume::explained(volume::kCopyVolume, name, [&] {
    return VolumeAccess::make(volume::copy_volume(state_->layout, name, other.state_->layout, new_name, options.watch));
  });
}

std::vector<AdoptableVolume> adoptable(const std::filesystem::path& volumes, std::string_view inspected) {
  return volume::explained("look for volumes in", volumes.string(),
                           [&] { return volume::find_adoptable(volumes, inspected); });
}

Volume VolumeStore::adopt(const AdoptableVolume& volume, const VolumeAdoptOptions& options) {
  return volume::explained(volume::kAdoptVolume, volume.name,
                           [&] { return VolumeAccess::make(volume::adopt_volume(state_->layout, volume, options)); });
}

}  // namespace dunnage
