// SPDX-License-Identifier: Apache-2.0
#include "volume/rename.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "model/volume_name.hpp"
#include "volume/create.hpp"
#include "volume/deed.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/kept_volume.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"
#include "volume/renames.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

namespace dunnage::volume {
namespace {

VolumeError taken_failure(const std::string& from, const std::string& to) {
  return deed_failure({kRenameVolume, from, fmt::format("to \"{}\"", to)}, "", make_error_code(errc::volume_exists),
                      "choose another name, or remove that one first");
}

std::uint64_t inode_of(int directory) {
  const struct stat status = kernel::status_of(directory);
  return status.st_ino;
}

/// The new name is on the disk on return, or it is the old one.
void move_name(const Layout& layout, RenameLog& log, int directory, const std::string& from, const VolumeInfo& renamed,
               const NewMetadata& metadata) {
  const int volumes = layout.volumes.get();
  if (const int number = kernel::rename_exclusively(volumes, from, volumes, renamed.name); number != 0) {
    log.end(false);
    if (number == EEXIST) {
      throw taken_failure(from, renamed.name);
    }
    throw kernel::CallError{"rename", number};
  }
  try {
    kernel::sync(volumes);
    metadata.put(directory);  // until this is done, readers know by the log whose metadata is there
  } catch (...) {
    // Not acknowledged, so it must not stay. If it cannot be taken back either, the caller knows of the failure.
    log.end(kernel::rename_exclusively(volumes, renamed.name, volumes, from) != 0);
    throw;
  }
  log.end(true);
}

}  // namespace

VolumeInfo rename_volume(const Layout& layout, const std::string& from, const std::string& to) {
  if (!model::is_valid_volume_name(to)) {
    throw bad_name_failure(kRenameVolume, to);
  }
  RenameLog log{layout};
  const KeptVolume volume{layout, kRenameVolume, from, KeptVolume::Beside::Users};
  const MetadataLock lock{volume.directory()};
  auto [text, info] = read_metadata(layout, kRenameVolume, from, volume.directory());
  if (kernel::exists_at(layout.volumes.get(), to)) {
    throw taken_failure(from, to);
  }
  info.name = to;
  info.mountpoint = layout.mountpoint(to);
  const NewMetadata metadata{layout, metadata_or_refusal(kRenameVolume, from, encode_changed_metadata(text, info))};
  const VolumeChange away{layout, from};
  const VolumeChange here{layout, to};
  log.begin(from, to, inode_of(volume.directory()));
  move_name(layout, log, volume.directory(), from, info, metadata);
  return info;
}

}  // namespace dunnage::volume
