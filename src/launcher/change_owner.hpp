// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Giving a tree to a user, as Podman's `U` does.

#include "launcher/detach.hpp"
#include "launcher/walk.hpp"

namespace dunnage::launcher {

inline long give_to(int fd, const struct statx& status, uint32_t uid, uint32_t gid) noexcept {
  if (status.stx_uid == uid && status.stx_gid == gid) {
    return 0;
  }
  return kernel::raw_syscall(__NR_fchownat, fd, kernel::as_argument(""), uid, gid, AT_EMPTY_PATH);
}

/// The top is given away last: as long as it has another owner, the tree is not done, and when it has this one, the
/// tree was done before.
inline Failure change_owner(int directory, const char* path, const DetachRequest& request, Walk& walk) noexcept {
  const DetachResult top = open_source(directory, path, request);
  if (top.failure.error != 0) {
    return top.failure;
  }
  struct statx status {};
  long answer = kernel::raw_syscall(__NR_statx, top.fd, kernel::as_argument(""), AT_EMPTY_PATH, STATX_BASIC_STATS,
                                    kernel::as_argument(&status));
  const bool done = answer >= 0 && status.stx_uid == request.uid && status.stx_gid == request.gid;
  if (answer >= 0 && !done && (status.stx_mode & S_IFMT) == S_IFDIR) {
    answer = walk.run(top.fd, [&](const WalkEntry& entry, Visit&) {
      return give_to(entry.fd, entry.status, request.uid, request.gid);
    });
  }
  if (answer >= 0 && !done) {
    answer = give_to(top.fd, status, request.uid, request.gid);
  }
  (void)kernel::close_descriptor(top.fd);
  return answer < 0 ? failure_of(Step::ChangeOwner, answer) : Failure{};
}

}  // namespace dunnage::launcher
