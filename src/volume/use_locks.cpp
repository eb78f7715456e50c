// SPDX-License-Identifier: Apache-2.0
#include "volume/use_locks.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/directory.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace dunnage::volume {

void add_locked_file(int directory, const std::string& name, std::vector<LockedFile>& files) {
  const auto file = kernel::open_beneath(directory, name, O_PATH | O_NOFOLLOW);
  if (!file && errno == ENOENT) {
    return;
  }
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) {
    // one that is left out would be held as long as the container lives
    throw kernel::CallError{"look at lock", errno};
  }
  files.push_back({status.st_dev, status.st_ino});
}

std::vector<LockedFile> locked_files(const Layout& layout, const std::string& name) {
  std::vector<LockedFile> files;
  const auto volume = open_volume_directory(layout, name);
  if (!volume) {
    return files;
  }
  add_locked_file(volume.get(), kLockName, files);
  const auto users = kernel::open_beneath(volume.get(), kUsersName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!users && errno != ENOENT) {
    throw kernel::CallError{"open directory", errno};
  }
  if (!users || files.empty()) {
    return files;
  }
  for (const std::string& file : kernel::names_in(users.get())) {
    add_locked_file(users.get(), file, files);
  }
  return files;
}

}  // namespace dunnage::volume
