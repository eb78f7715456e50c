// SPDX-License-Identifier: Apache-2.0
#include "prepare/detach_mount.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <filesystem>

namespace dunnage::prepare {
namespace {

/// A source on a network file system whose server is away must not hang the host for ever.
launcher::Deadline deadline() { return std::chrono::steady_clock::now() + std::chrono::seconds{60}; }

}  // namespace

const launcher::Connection& MountSource::broker() {
  if (connection_ == nullptr) {
    connection_ = launcher::Connection::get(identity_);
  }
  return *connection_;
}

launcher::DetachResult MountSource::bind(launcher::DetachRequest request, const std::filesystem::path& path,
                                         int opened) {
  if (!identity_.rootless()) {
    return opened >= 0 ? launcher::detach_bind(opened, "", request)
                       : launcher::detach_bind(AT_FDCWD, path.c_str(), request);
  }
  if (opened >= 0) {  // a descriptor of this mount namespace is of no use in the broker's copy; the inode is the same
    struct stat status {};
    if (::fstat(opened, &status) != 0) {
      return launcher::detach_failure(launcher::Step::OpenSource, errno);
    }
    request.check_inode = 1;
    request.device = status.st_dev;
    request.inode = status.st_ino;
  }
  return broker().detach(request, path.string(), deadline());
}

launcher::DetachResult MountSource::tmpfs(const launcher::DetachRequest& request) {
  if (!identity_.rootless()) {
    return launcher::detach_tmpfs(request);
  }
  launcher::DetachRequest wanted = request;
  wanted.kind = 1;
  return broker().detach(wanted, {}, deadline());
}

}  // namespace dunnage::prepare
