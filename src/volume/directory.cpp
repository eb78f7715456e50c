// SPDX-License-Identifier: Apache-2.0
#include "volume/directory.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/failure.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace dunnage::volume {

kernel::FileDescriptor open_volume_directory(const Layout& layout, const std::string& name) {
  if (!model::is_valid_volume_name(name)) {
    return {};
  }
  auto directory = kernel::open_beneath(layout.volumes.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory) {
    if (errno == ENOENT) {
      return directory;
    }
    throw kernel::CallError{"open directory", errno};
  }
  const struct stat status = kernel::status_of(directory.get());
  if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
    throw kernel::CallError{"check that it is private", EACCES};
  }
  return directory;
}

kernel::FileDescriptor require_volume_directory(const Layout& layout, const std::string& operation,
                                                const std::string& name) {
  auto directory = open_volume_directory(layout, name);
  if (!directory) {
    throw missing_failure(operation, name, names_to_suggest(layout));
  }
  return directory;
}

kernel::FileDescriptor open_data_directory(int directory) {
  auto data = kernel::open_beneath(directory, kDataName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!data) {
    throw kernel::CallError{"open the data", errno};
  }
  return data;
}

kernel::FileDescriptor open_lock(int volume_fd) {
  auto lock = kernel::open_beneath(volume_fd, kLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                                   S_IRUSR | S_IWUSR);
  if (!lock && errno != ENOENT) {
    throw kernel::CallError{"open lock", errno};
  }
  return lock;
}

bool container_exists(const Layout& layout, const std::string& name) {
  return model::is_valid_volume_name(name) && kernel::exists_at(layout.root.get(), "containers/" + name);
}

namespace {

std::vector<std::string> valid_of(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& name) { return !model::is_valid_volume_name(name); });
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> names_to_suggest(const Layout& layout) {
  constexpr std::size_t kMost = 4096;
  struct stat status {};
  // each directory in it counts as a link, where they are counted at all
  if (::fstat(layout.volumes.get(), &status) == 0 && status.st_nlink > kMost + 2) {
    return {};
  }
  std::vector<std::string> names = kernel::names_in(layout.volumes.get(), kMost + 1);
  return names.size() > kMost ? std::vector<std::string>{} : valid_of(std::move(names));
}

std::vector<std::string> volume_names(const Layout& layout) { return valid_of(kernel::names_in(layout.volumes.get())); }

}  // namespace dunnage::volume
