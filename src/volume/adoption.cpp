// SPDX-License-Identifier: Apache-2.0
#include "volume/adoption.hpp"

#include <dunnage/error.hpp>

#include "kernel/file_descriptor.hpp"
#include "volume/copy_volume.hpp"
#include "volume/create.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <utility>

namespace dunnage::volume {
namespace {

/// Throws: VolumeError if there is no such directory.
kernel::FileDescriptor open_data_of(const AdoptableVolume& volume, const std::filesystem::path& data) {
  kernel::FileDescriptor directory{::open(data.c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!directory) {
    throw VolumeError{{.stage = dunnage::Stage::Store,
                       .operation = kAdoptVolume,
                       .subject = volume.name,
                       .detail = fmt::format("of {}", volume.engine.empty() ? "another engine" : volume.engine),
                       .cause = fmt::format("open \"{}\"", data.string()),
                       .code = std::error_code{errno, std::system_category()},
                       .remedy = "name a directory of a volume, with its data in \"_data\" there, that this user may "
                                 "enter"}};
  }
  return directory;
}

}  // namespace

VolumeInfo adopt_volume(const Layout& layout, const AdoptableVolume& volume, const VolumeAdoptOptions& options) {
  const std::string& name = options.name.empty() ? volume.name : options.name;
  VolumeOptions made{.labels = labels_of_named(volume.labels), .driver_options = volume.driver_options};
  for (const auto& [key, value] : options.labels) {
    made.labels.insert_or_assign(key, value);
  }
  if (!volume.driver_options.empty()) {  // its data is where these say, for both engines
    if (options.copy) {
      throw VolumeError{{.stage = dunnage::Stage::Store,
                         .operation = kAdoptVolume,
                         .subject = volume.name,
                         .detail = "",
                         .cause = "its data is where its driver's options say",
                         .code = errc::not_supported,
                         .remedy = "adopt it in place, and copy() that if it is a directory"}};
    }
    return create(layout, name, made);
  }
  const std::filesystem::path data = std::filesystem::absolute(volume.directory / kDataName).lexically_normal();
  const kernel::FileDescriptor directory = open_data_of(volume, data);
  if (options.copy) {
    return create_copy(layout, name, made, {kAdoptVolume, volume.name}, {.from = directory.get()}, options.watch);
  }
  made.driver_options = {{"type", "none"}, {"o", "bind"}, {"device", data.string()}};
  return create(layout, name, made);
}

}  // namespace dunnage::volume
