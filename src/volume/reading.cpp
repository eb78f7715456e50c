// SPDX-License-Identifier: Apache-2.0
#include "volume/reading.hpp"

#include "error/reason.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/metadata.hpp"
#include "volume/renames.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace dunnage::volume {
namespace {

/// Its directory is open to others, or something else is in the place of its lock.
bool is_damage_of_the_volume(int number) noexcept {
  return number == EACCES || number == ELOOP || number == ENOTDIR || number == EISDIR || number == ENXIO;
}

}  // namespace

VolumeReader::VolumeReader(const Layout& layout) : layout_{layout} {}

Reading VolumeReader::read(const std::string& name) {
  if (!model::is_valid_volume_name(name)) {
    return {};
  }
  path_.assign(name).append("/").append(kMetadataName);
  auto [text, number] = kernel::read_small_file(layout_.volumes.get(), path_.c_str(), buffer_, kMaxMetadataBytes);
  // The volume may be made, removed and made again between two looks at its name; a directory in hand is one volume.
  while (number == ENOENT) {
    const auto directory = kernel::open_beneath(layout_.volumes.get(), name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    if (!directory) {
      if (errno == ENOENT) {
        return {};
      }
      number = errno;
      break;
    }
    const auto again = kernel::read_small_file(directory.get(), kMetadataName, buffer_, kMaxMetadataBytes);
    text = again.text;
    number = again.number;
    if (number == ENOENT && kernel::is_at(layout_.volumes.get(), name, directory.get())) {
      break;  // the file is missing
    }
  }
  if (is_of_this_process(number)) {
    throw kernel::CallError{"open metadata", number};
  }
  if (number != 0) {
    return {.volume = {}, .damage = error::errno_reason(number)};
  }
  Reading reading{.volume = VolumeInfo{}, .damage = {}};
  if (auto damage = decode_renamed_metadata(layout_, text, name, *reading.volume)) {
    return {.volume = {}, .damage = std::move(*damage), .newer = is_newer_metadata(text)};
  }
  return reading;
}

VolumeInfo read_volume(const Layout& layout, const std::string& operation, const std::string& name) {
  Reading reading = VolumeReader{layout}.read(name);
  if (!reading.damage.empty()) {
    throw damaged_failure(layout, operation, name, reading);
  }
  if (!reading.volume) {
    throw missing_failure(operation, name, names_to_suggest(layout));
  }
  reading.volume->mountpoint = layout.mountpoint(name);
  return std::move(*reading.volume);
}

bool matches(const Layout& layout, const VolumeInfo& volume, const VolumeFilter& filter) {
  if (filter.anonymous && *filter.anonymous != volume.anonymous) {
    return false;
  }
  for (const auto& [key, value] : filter.labels) {
    const auto label = volume.labels.find(key);
    if (label == volume.labels.end() || (value && *value != label->second)) {
      return false;
    }
  }
  if (!filter.in_use) {
    return true;
  }
  try {
    const kernel::FileDescriptor directory = open_volume_directory(layout, volume.name);
    return directory && is_in_use(directory.get()) == *filter.in_use;
  } catch (const kernel::CallError& error) {
    if (!is_damage_of_the_volume(error.code().value())) {
      throw;
    }
    return false;
  }
}

VolumeError damaged_failure(const Layout& layout, std::string operation, const std::string& name,
                            const Reading& reading) {
  if (reading.newer) {
    return VolumeError{{.stage = dunnage::Stage::Store,
                        .operation = std::move(operation),
                        .subject = name,
                        .detail = "",
                        .cause = reading.damage,
                        .code = errc::not_supported,
                        .remedy = "use a newer version of the library"}};
  }
  const std::filesystem::path data = layout.mountpoint(name);
  return VolumeError{
      {.stage = dunnage::Stage::Store,
       .operation = std::move(operation),
       .subject = name,
       .detail = "",
       .cause = reading.damage,
       .code = errc::volume_damaged,
       .remedy = fmt::format("put its file \"{}\" back from a backup; or have repair() (store repair) write a new one, "
                             "which leaves \"{}\" as it is",
                             kMetadataName, data.string())}};
}

}  // namespace dunnage::volume
