// SPDX-License-Identifier: Apache-2.0
#include "volume/use_watch.hpp"

#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/layout.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>

namespace dunnage::volume {
namespace {

/// Zero: nobody has ever used it.
timespec last_change(int volume_fd) {
  const auto users = kernel::open_beneath(volume_fd, kUsersName, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  struct stat status {};
  if (!users) {
    if (errno == ENOENT) {
      return {};
    }
    throw kernel::CallError{"open directory", errno};
  }
  if (::fstat(users.get(), &status) != 0) {
    throw kernel::CallError{"stat", errno};
  }
  return status.st_ctim;
}

}  // namespace

UseWatch::UseWatch(int volume_fd) : volume_fd_{volume_fd} {
  used_ = !living_users(volume_fd).empty();  // stale records are gone after this
  changed_ = last_change(volume_fd);
}

bool UseWatch::is_used() const {
  const timespec now = last_change(volume_fd_);  // before the look, which may remove records
  return now.tv_sec != changed_.tv_sec || now.tv_nsec != changed_.tv_nsec || !living_users(volume_fd_).empty();
}

}  // namespace dunnage::volume
