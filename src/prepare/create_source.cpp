// SPDX-License-Identifier: Apache-2.0
#include "prepare/create_source.hpp"

#include "kernel/file_descriptor.hpp"
#include "kernel/file_system_kind.hpp"
#include "kernel/files.hpp"
#include "kernel/timed_call.hpp"
#include "prepare/failure.hpp"

#include <fcntl.h>
#include <linux/openat2.h>
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
  const int fd = kernel::open_in_time(parent, name, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS);
  if (fd < 0) {
    throw failed(mount, "create the source directory", -fd);
  }
  return kernel::FileDescriptor{fd};
}

/// 0 or -errno
int make_directory(int parent, const char* name) {
  constexpr mode_t kForAll = 0777;
  return kernel::may_wait_for_others(parent)     ? kernel::TimedCalls::make_directory(parent, name, kForAll)
         : ::mkdirat(parent, name, kForAll) == 0 ? 0
                                                 : -errno;
}

/// 0 or -errno
int give_owner(const ResolvedMount& mount, int made, bool waits) {
  constexpr uid_t kAsItIs = static_cast<uid_t>(-1);
  const uid_t uid = mount.create_uid.value_or(kAsItIs);
  const gid_t gid = mount.create_gid.value_or(kAsItIs);
  return !mount.create_uid && !mount.create_gid               ? 0
         : waits                                              ? kernel::TimedCalls::set_owner(made, uid, gid)
         : ::fchownat(made, "", uid, gid, AT_EMPTY_PATH) == 0 ? 0
                                                              : -errno;
}

void give_mode_and_owner(const ResolvedMount& mount, int made) {
  const bool waits = kernel::may_wait_for_others(made);
  if (const int answer = give_owner(mount, made, waits); answer < 0) {
    throw prepare_error(mount, "give the source directory its owner", -answer,
                        "leave out create_uid and create_gid, or launch as root");
  }
  const int number =
      waits ? -kernel::TimedCalls::set_mode(made, mount.create_mode) : kernel::set_mode(made, mount.create_mode);
  if (number != 0) {
    throw failed(mount, "give the source directory its mode", number);
  }
}

}  // namespace

/// Each in the one before it, which is held: nothing is made in a place that somebody puts in the way meanwhile.
kernel::FileDescriptor create_source(const ResolvedMount& mount, std::vector<std::filesystem::path>& created) {
  kernel::FileDescriptor directory = open_made(mount, AT_FDCWD, "/");
  std::filesystem::path path{"/"};
  bool made = false;
  for (const std::filesystem::path& name : mount.source.relative_path()) {
    path /= name;
    const int answer = make_directory(directory.get(), name.c_str());
    made = answer == 0;
    if (made) {
      created.push_back(path);
    } else if (answer != -EEXIST) {
      throw failed(mount, "create the source directory", -answer);
    }
    directory = open_made(mount, directory.get(), name.c_str());
  }
  if (made) {
    give_mode_and_owner(mount, directory.get());
  }
  return directory;
}

}  // namespace dunnage::prepare
