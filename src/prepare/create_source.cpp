// SPDX-License-Identifier: Apache-2.0
#include "prepare/create_source.hpp"

#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "prepare/failure.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace dunnage::prepare {
namespace {

MountError failed(const ResolvedMount& mount, const char* what, int number) {
  return prepare_error(mount, what, number, "create it yourself, or choose a place this user can write to");
}

/// The plan has followed the links there were. One that is there now, somebody has put there since.
kernel::FileDescriptor open_made(const ResolvedMount& mount, int parent, const char* name) {
  const int fd = kernel::open_at2(parent, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (fd < 0) {
    throw failed(mount, "create the source directory", -fd);
  }
  return kernel::FileDescriptor{fd};
}

void give_mode_and_owner(const ResolvedMount& mount, int made) {
  constexpr uid_t kAsItIs = static_cast<uid_t>(-1);
  if ((mount.create_uid || mount.create_gid) && ::fchownat(made, "", mount.create_uid.value_or(kAsItIs),
                                                           mount.create_gid.value_or(kAsItIs), AT_EMPTY_PATH) != 0) {
    throw prepare_error(mount, "give the source directory its owner", errno,
                        "leave out create_uid and create_gid, or launch as root");
  }
  if (const int number = kernel::set_mode(made, mount.create_mode); number != 0) {
    throw failed(mount, "give the source directory its mode", number);
  }
}

}  // namespace

/// Each in the one before it, which is held: nothing is made in a place that somebody puts in the way meanwhile.
kernel::FileDescriptor create_source(const ResolvedMount& mount, std::vector<std::filesystem::path>& created) {
  constexpr mode_t kForAll = 0777;
  kernel::FileDescriptor directory = open_made(mount, AT_FDCWD, "/");
  std::filesystem::path path{"/"};
  bool made = false;
  for (const std::filesystem::path& name : mount.source.relative_path()) {
    path /= name;
    made = ::mkdirat(directory.get(), name.c_str(), kForAll) == 0;
    if (made) {
      created.push_back(path);
    } else if (errno != EEXIST) {
      throw failed(mount, "create the source directory", errno);
    }
    directory = open_made(mount, directory.get(), name.c_str());
  }
  if (made) {
    give_mode_and_owner(mount, directory.get());
  }
  return directory;
}

}  // namespace dunnage::prepare
