// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>

#include "error/reason.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "model/volume_name.hpp"
#include "volume/index.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"
#include "volume/private_directory.hpp"
#include "volume/recovery.hpp"
#include "volume/renames.hpp"
#include "volume/stage.hpp"
#include "volume/volume_check.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace dunnage::volume {
namespace {

using SeenRecord = std::shared_ptr<const LookedAt>;

struct MetadataLook {
  std::optional<Entry> entry{};
  std::string problem{};  ///< empty: it is whole
  bool newer = false;
  bool unreadable = false;  ///< for a reason that is not in the file: its mode, or the disk
  VolumeInfo info{};        ///< of the record, if it is one, of this volume or another one
  bool is_of_another = false;
};

bool is_record_of_another(std::string_view text, const VolumeInfo& read) {
  VolumeInfo again;
  const std::string other = read.name;
  return model::is_valid_volume_name(other) && !decode_metadata(text, other, again);
}

MetadataLook look_at_metadata(const LookedAt& volume) {
  MetadataLook look{.entry = look_at(volume.directory.get(), kMetadataName)};
  look.problem = file_problem(look.entry);
  if (!look.problem.empty()) {
    return look;
  }
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(volume.directory.get(), kMetadataName, buffer, kMaxMetadataBytes);
  if (number == EACCES || number == EIO) {
    look.problem = error::errno_reason(number);
    look.unreadable = true;
  } else if (number == EFBIG) {
    look.problem = fmt::format("it is larger than {} KiB", kMaxMetadataBytes / 1024);
  } else if (number == ENOENT || number == ELOOP || number == ENXIO) {
    look.problem = "it has changed while it was read";
  } else if (number != 0) {
    throw kernel::CallError{"read metadata", number};
  } else if (text.empty()) {
    look.problem = "it is empty";
  } else if (auto damage = decode_renamed_metadata(volume.layout, text, volume.name, look.info)) {
    look.problem = std::move(*damage);
    look.newer = is_newer_metadata(text);
    look.is_of_another = is_record_of_another(text, look.info);
  }
  return look;
}

Recovered recover(const LookedAt& volume, const MetadataLook& look) {
  if (auto indexed = recover_from_index(volume.layout, volume.name, volume.directory.get())) {
    return std::move(*indexed);
  }
  // moved by hand, unless the other one is there as well: then it was copied, and the labels may be anybody's
  if (look.is_of_another && !look_at(volume.layout.volumes.get(), look.info.name)) {
    Recovered recovered{.info = look.info,
                        .source = fmt::format("all but its name is as the record of \"{}\" said, which is no volume "
                                              "any more",
                                              look.info.name)};
    recovered.info.name = volume.name;
    return recovered;
  }
  return default_metadata(volume.name, volume.directory.get());
}

/// At no instant is there neither the old file nor the new one, where the file system has hard links.
std::string write_anew(const LookedAt& volume) {
  const MetadataLook look = look_at_metadata(volume);
  if (look.problem.empty() || look.newer || look.unreadable) {
    return {};
  }
  const Recovered recovered = recover(volume, look);
  const auto text = encode_metadata(recovered.info);
  if (!text) {
    throw kernel::CallError{"write metadata", EINVAL};
  }
  std::string kept = "there was no file to keep";
  const MetadataLock lock{volume.directory.get()};
  const Stage stage{volume.layout.open_staging()};  // what a killed repair leaves there is swept
  const auto file = kernel::create_file(stage.directory(), kMetadataName, kPrivateFile);
  kernel::write_all(file.get(), *text);
  kernel::sync(file.get());
  const VolumeChange change{volume.layout, volume.name};
  if (look.entry) {
    const int directory = volume.directory.get();
    const auto aside = look.entry->is_file() ? keep_beside(directory, kMetadataName, *look.entry)
                                             : set_aside(directory, kMetadataName, *look.entry);
    if (!aside) {
      return {};
    }
    kept = fmt::format("the damaged one is \"{}\" now", *aside);
  }
  if (::renameat(stage.directory(), kMetadataName, volume.directory.get(), kMetadataName) != 0) {
    throw kernel::CallError{"rename", errno};
  }
  kernel::sync(volume.directory.get());
  return fmt::format("its metadata has been written anew: {}; {}; its data is as it was", recovered.source, kept);
}

std::string make_readable(const LookedAt& volume, const Entry& entry) {
  if (!kernel::is_at(volume.directory.get(), kMetadataName, entry.file.get())) {
    return {};
  }
  return make_private(entry);
}

std::string remedy_of(const LookedAt& volume, const MetadataLook& look, bool can_be_opened) {
  if (look.newer) {
    return "use a newer version of the library; the volume is not damaged, and repair() leaves it alone";
  }
  if (look.unreadable) {
    return can_be_opened ? "repair() sets its mode to 0600"
                         : "look at its owner, and for disk errors in the kernel's log (dmesg); repair() leaves alone "
                           "what may be whole";
  }
  return fmt::format("repair() keeps the file beside and writes a new one: {}; its data is not touched",
                     recover(volume, look).source);
}

}  // namespace

StoreFaults faults_of_metadata(const SeenRecord& volume, std::optional<VolumeInfo>& info) {
  auto look = std::make_shared<MetadataLook>(look_at_metadata(*volume));
  if (look->problem.empty()) {
    info = std::move(look->info);
    return {};
  }
  const bool can_be_opened = look->unreadable && look->entry->status.st_uid == ::geteuid() &&
                             (look->entry->status.st_mode & kPrivateFile) != kPrivateFile;
  const bool repairable = look->unreadable ? can_be_opened : !look->newer;
  StoreFinding found{.part = StoreFinding::Part::Volume,
                     .kind = look->newer ? StoreFinding::Kind::Newer : StoreFinding::Kind::Damage,
                     .name = volume->name,
                     .path = volume->path / kMetadataName,
                     .problem = fmt::format("its metadata cannot be used: {}", look->problem),
                     .remedy = remedy_of(*volume, *look, can_be_opened),
                     .repairable = repairable};
  return {{std::move(found), [volume, look, can_be_opened] {
             return can_be_opened ? make_readable(*volume, *look->entry) : write_anew(*volume);
           }}};
}

}  // namespace dunnage::volume
