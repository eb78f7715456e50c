// SPDX-License-Identifier: Apache-2.0
// Rootfs::directory(): a directory used in place.

#include <dunnage/error.hpp>

#include "kernel/absolute_path.hpp"
#include "launch/accounts.hpp"
#include "launch/root.hpp"

#include <fcntl.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace dunnage::launch {
namespace {

kernel::FileDescriptor open_directory(const Rootfs& rootfs) {
  kernel::FileDescriptor directory{::open(rootfs.path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)};
  if (!directory) {
    const int number = errno;
    throw root_error(rootfs.path().string(), "open", number,
                     number == ENOENT    ? "create it, or unpack an image there"
                     : number == ENOTDIR ? "give a directory"
                                         : "give this user access to it");
  }
  return directory;
}

}  // namespace

LaunchError root_error(const std::string& subject, const std::string& cause, int number, const std::string& remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "use root file system",
                      .subject = subject,
                      .detail = {},
                      .cause = cause,
                      .code = std::error_code{number, std::system_category()},
                      .remedy = remedy}};
}

Accounts read_accounts(const Rootfs& rootfs) {
  if (rootfs.kind() == Rootfs::Kind::Host) {
    return host_accounts();
  }
  const kernel::FileDescriptor directory = open_directory(rootfs);
  return read_accounts_in(directory.get());
}

Root open_directory_root(const Rootfs& rootfs, prepare::MountSource& source) {
  const kernel::FileDescriptor directory = open_directory(rootfs);
  const std::filesystem::path path = kernel::absolute_path(rootfs.path());
  launcher::DetachRequest request;
  request.recursive = 1;
  request.attributes = MOUNT_ATTR_NODEV;  // an image's device nodes are not ours to open
  request.propagation = launcher::kPrivate;
  request.propagation_recursive = 1;
  const launcher::DetachResult result = source.bind(request, {.path = path.c_str(), .opened = directory.get()});
  if (result.failure.error != 0) {
    if (result.failure.step == launcher::Step::None) {
      throw root_error(rootfs.path().string(), "the launcher's broker did not answer", result.failure.error,
                       "try again");
    }
    throw root_error(
        rootfs.path().string(), "open_tree", result.failure.error,
        result.failure.error == EPERM || result.failure.error == ENOSYS
            ? "this needs CAP_SYS_ADMIN or a user namespace, and openat2, open_tree, move_mount and mount_setattr "
              "allowed in any filter of system calls around this program; see dunnage::support()"
            : "choose a directory this user may mount");
  }
  Root root;
  root.mount.reset(result.fd);
  return root;
}

}  // namespace dunnage::launch
