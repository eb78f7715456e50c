// SPDX-License-Identifier: Apache-2.0
// Volumes under other names, in other stores, and of other engines.

#include <dunnage/volume_store.hpp>

#include "kernel/call_error.hpp"
#include "volume/adoption.hpp"
#include "volume/copy_volume.hpp"
#include "volume/failure.hpp"
#include "volume/rename.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <string>

namespace dunnage {
namespace {

template <typename Work>
auto moved(const char* operation, const std::string& subject, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw volume::call_failure(operation, subject, error);
  }
}

}  // namespace

Volume VolumeStore::rename(const std::string& name, const std::string& new_name) {
  return moved(volume::kRenameVolume, name,
               [&] { return VolumeAccess::make(volume::rename_volume(state_->layout, name, new_name)); });
}

Volume VolumeStore::copy(const std::string& name, const std::string& new_name, const VolumeCopyOptions& options) {
  return copy_to(name, *this, new_name, options);
}

Volume VolumeStore::copy_to(const std::string& name, VolumeStore& other, const std::string& new_name,
                            const VolumeCopyOptions& options) const {
  return moved(volume::kCopyVolume, name, [&] {
    return VolumeAccess::make(volume::copy_volume(state_->layout, name, other.state_->layout, new_name, options.watch));
  });
}

std::vector<AdoptableVolume> adoptable(const std::filesystem::path& volumes, std::string_view inspected) {
  return moved("look for volumes in", volumes.string(), [&] { return volume::find_adoptable(volumes, inspected); });
}

Volume VolumeStore::adopt(const AdoptableVolume& volume, const VolumeAdoptOptions& options) {
  return moved(volume::kAdoptVolume, volume.name,
               [&] { return VolumeAccess::make(volume::adopt_volume(state_->layout, volume, options)); });
}

}  // namespace dunnage
