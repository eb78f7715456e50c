// SPDX-License-Identifier: Apache-2.0
#include "volume/data.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/random_hex.hpp"
#include "volume/deed.hpp"
#include "volume/directory.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"
#include "volume/local_driver.hpp"
#include "volume/users.hpp"

#include <fcntl.h>

#include <cerrno>
#include <cstddef>

namespace dunnage::volume {
namespace {

constexpr std::size_t kUseIdDigits = 64;

/// An image is mounted.
kernel::FileDescriptor open_elsewhere(const VolumeInfo& volume, const std::string& operation, int directory) {
  const LimitWay way = limit_way_of(directory);
  return is_image(way) ? open_limited_data({operation, volume.name}, directory, way)
                       : open_data_elsewhere(volume, operation);
}

}  // namespace

kernel::FileDescriptor open_data_elsewhere(const VolumeInfo& volume, const std::string& operation) {
  LocalDriver driver;
  const auto fault = read_driver_options(volume.driver_options, driver);
  if (!fault && driver.kind == LocalDriver::Kind::Directory) {
    return {};
  }
  if (fault || driver.kind != LocalDriver::Kind::Bind) {
    throw deed_failure({operation, volume.name},
                       "its data is there only while a container mounts it, as its driver's options say",
                       make_error_code(errc::not_supported), "copy out of a container that uses it");
  }
  kernel::FileDescriptor directory{::open(driver.device.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) {
    throw kernel::CallError{"open the directory of its data", errno};
  }
  return directory;
}

VolumeData::VolumeData(const Layout& layout, const VolumeInfo& volume, const std::string& operation, const char* who)
    : id_{kernel::random_hex(kUseIdDigits)},
      use_{VolumeUse::acquire(layout, volume.name, id_, who)},
      volume_{open_volume_directory(layout, volume.name)},
      elsewhere_{open_elsewhere(volume, operation, volume_.get())} {}

std::vector<std::string> VolumeData::other_users() const {
  std::vector<User> users = volume_ ? living_users(volume_.get()) : std::vector<User>{};
  std::erase_if(users, [this](const User& user) { return user.id == id_; });
  return names_of(users);
}

}  // namespace dunnage::volume
