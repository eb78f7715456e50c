// SPDX-License-Identifier: Apache-2.0
#include "prepare/source_options.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_system_kind.hpp"
#include "kernel/timed_call.hpp"
#include "launcher/subpath.hpp"
#include "plan/selinux.hpp"
#include "prepare/exclude.hpp"
#include "prepare/failure.hpp"
#include "prepare/owner.hpp"
#include "prepare/relabel.hpp"
#include "prepare/request.hpp"
#include "prepare/user_namespace.hpp"
#include "transaction/journal.hpp"
#include "transaction/place.hpp"

#include <dunnage/error.hpp>

#include <fmt/format.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace dunnage::prepare {
namespace {

/// The source as this process sees it; for the owner on disk.
Ids owner_on_disk(const ResolvedMount& mount, const SourcePath& source) {
  kernel::FileDescriptor opened{::fcntl(source.opened, F_DUPFD_CLOEXEC, 3)};
  const bool waits = opened && kernel::may_wait_for_others(opened.get());
  if (opened && source.below[0] != '\0') {
    const int base = opened.release();
    const launcher::DetachResult below = waits ? launcher::open_subpath<kernel::TimedCalls>(base, source.below)
                                               : launcher::open_subpath(base, source.below);
    if (below.failure.error != 0) {
      throw prepare_error(mount, below.failure);
    }
    opened.reset(below.fd);
  }
  struct statx status {};
  constexpr unsigned kOwner = STATX_UID | STATX_GID;
  const int answer = !opened ? -errno
                     : waits ? kernel::TimedCalls::look(opened.get(), kOwner, status)
                             : launcher::DirectCalls::look(opened.get(), kOwner, status);
  if (answer < 0) {
    throw prepare_error(mount, "look at the owner of the source", -answer, "give this user access to it");
  }
  return {status.stx_uid, status.stx_gid};
}

/// One container after the other, and none while something of it is being taken over.
kernel::FileDescriptor lock_transaction(const ResolvedMount& mount, kernel::FileDescriptor& upper) {
  try {
    transaction::Place place = transaction::open_place(mount.transaction, {"find transaction", mount.transaction});
    transaction::TransactionLock lock{place.directory.get()};
    if (!lock.held()) {
      throw prepare_error(mount, "lock the transaction", EBUSY,
                          "end the container that uses it, or wait for its apply");
    }
    if (transaction::has_to_finish(place.directory.get())) {
      throw prepare_error(mount, "find the transaction whole", EBUSY,
                          "its last apply was ended in the middle; list its changes, which finishes that");
    }
    upper = std::move(place.upper);
    return lock.release();
  } catch (const VolumeError& error) {
    throw prepare_error(mount, "open the transaction", error.code().default_error_condition().value(), error.remedy());
  } catch (const kernel::CallError& error) {
    throw prepare_error(mount, error.call(), error.code().value(), "look at the transaction's directory in the store");
  }
}

/// \return or -errno
int open_to_lock(const char* path) {
  constexpr unsigned kFlags = O_RDONLY | O_DIRECTORY;
  const kernel::FileDescriptor found{kernel::open_in_time(AT_FDCWD, path, O_PATH | O_DIRECTORY, RESOLVE_NO_SYMLINKS)};
  return !found ? found.get()
         : kernel::may_wait_for_others(found.get())
             ? kernel::open_served_in_time(found.get(), ".", kFlags, RESOLVE_BENEATH)
             : kernel::open_at2(found.get(), ".", kFlags, RESOLVE_BENEATH);
}

/// Two overlays that write to one directory damage it, and the kernel lets them (overlayfs(5)).
kernel::FileDescriptor lock_upper(const ResolvedMount& mount) {
  if (!mount.overlay || mount.overlay->upper.empty()) {
    return {};
  }
  const int opened = open_to_lock(mount.overlay->upper.c_str());
  kernel::FileDescriptor lock{opened};
  if (!lock) {
    throw prepare_error(mount, "open the upper directory \"" + mount.overlay->upper.string() + "\"", -opened,
                        "create it, or correct the path");
  }
  if (::flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    const int number = errno == EWOULDBLOCK ? EBUSY : errno;
    throw prepare_error(mount, "lock the upper directory \"" + mount.overlay->upper.string() + "\"", number,
                        "another container writes to it; end that, or choose another upper directory");
  }
  return lock;
}

void explain_overlay(ResolvedMount& mount) {
  if (mount.overlay->upper.empty()) {
    add_reason(mount, fmt::format("changes go to memory, at most {} bytes, and are gone when the container is",
                                  mount.overlay->size));
  } else {
    add_reason(mount,
               fmt::format("changes go to \"{}\", which this container holds alone", mount.overlay->upper.string()));
  }
}

}  // namespace

void add_reason(ResolvedMount& mount, std::string reason) {
  if (!reason.empty() && std::find(mount.reasons.begin(), mount.reasons.end(), reason) == mount.reasons.end()) {
    mount.reasons.push_back(std::move(reason));
  }
}

kernel::FileDescriptor open_source(const ResolvedMount& mount) {
  launcher::DetachRequest request;
  request.is_file = mount.kind == MountKind::Bind && mount.file_kind == FileKind::File ? 1 : 0;
  const launcher::DetachResult opened = MountSource::open(mount.source.c_str(), request);
  if (opened.failure.error != 0) {
    throw prepare_error(mount, opened.failure);
  }
  return kernel::FileDescriptor{opened.fd};
}

void SourceOptions::change_owner(ResolvedMount& mount, const SourcePath& source) {
  launcher::DetachRequest request = request_for(mount);
  request.uid = user_.uid;
  request.gid = user_.gid;
  const launcher::Failure failure = source_.change_owner(request, source);
  if (failure.error != 0) {
    throw prepare_error(mount, failure);
  }
  add_reason(mount, fmt::format("the source belongs to {}:{} of the container now, because chown is set", user_.uid,
                                user_.gid));
}

kernel::FileDescriptor SourceOptions::map_ids(ResolvedMount& mount, const SourcePath& source) const {
  if (mount.owner.kind() == Ownership::Kind::AsIs) {
    return {};
  }
  const OwnerWay way = way_of(mount, owner_on_disk(mount, source), user_, identity_);
  add_reason(mount, way.reason);
  if (!way.map) {
    return {};
  }
  try {
    return make_user_namespace(way.users, way.groups);
  } catch (const kernel::CallError& error) {
    throw prepare_error(mount, fmt::format("make the map of its ids: {}", error.call()), error.code().value(),
                        "give ids that exist here (/proc/self/uid_map), or use chown");
  }
}

bool SourceOptions::hide(ResolvedMount& mount, int detached, bool last) {
  Excluded excluded;
  try {
    excluded = find_excluded(detached, mount.exclude);
  } catch (const kernel::CallError& error) {
    const int number = error.code().value();
    throw prepare_error(mount, error.call(), number,
                        number == EACCES
                            ? "this user has to be able to look into every directory there; leave exclude out"
                            : "the source is too large or too deep to be searched; exclude less, or more");
  }
  std::vector<int> targets;
  std::transform(excluded.descriptors.begin(), excluded.descriptors.end(), std::back_inserter(targets),
                 [](const kernel::FileDescriptor& fd) { return fd.get(); });
  if (const launcher::Failure failure = source_.mask(targets); failure.error != 0) {
    if (failure.error == EINVAL && identity_.rootless() && !last) {
      return false;
    }
    throw prepare_error(mount, failure);
  }
  mount.masked = std::move(excluded.paths);
  std::sort(mount.masked.begin(), mount.masked.end());
  return true;
}

void SourceOptions::relabel(const ResolvedMount& mount, const SourcePath& source) const {
  if (!plan::has_selinux()) {
    return;  // the plan says so
  }
  const launcher::Failure failure =
      label_tree(source.opened, "security.selinux", label_for(mount.relabel, container_id_));
  if (failure.error != 0) {
    throw prepare_error(mount, failure);
  }
}

void SourceOptions::detach(const ResolvedMount& mount, const SourcePath& source, OpenedSource& opened) {
  const launcher::DetachRequest request = request_for(mount);
  const launcher::DetachResult detached =
      mount.overlay ? source_.overlay(request, source, *mount.overlay) : source_.bind(request, source);
  if (detached.failure.error != 0) {
    throw prepare_error(mount, detached.failure);
  }
  opened.mount.reset(detached.fd);
  opened.id = detached.id;
}

OpenedSource SourceOptions::mount(ResolvedMount& mount, SourcePath source) {
  OpenedSource result;
  kernel::FileDescriptor upper;
  result.lock = mount.transaction.empty() ? lock_upper(mount) : lock_transaction(mount, upper);
  source.upper = upper ? upper.get() : result.lock ? result.lock.get() : -1;
  if (mount.chown) {
    change_owner(mount, source);
  }
  if (mount.relabel != Relabel::None) {
    relabel(mount, source);
  }
  result.user_namespace = map_ids(mount, source);
  source.user_namespace = result.user_namespace ? result.user_namespace.get() : -1;
  // The broker takes a new look at the host when its mounts change, and cannot hide what is in a mount of the look
  // before.
  constexpr int kLooks = 4;
  for (int look = 1;; ++look) {
    detach(mount, source, result);
    if (mount.exclude.empty() || hide(mount, result.mount.get(), look == kLooks)) {
      break;
    }
  }
  if (mount.overlay) {
    explain_overlay(mount);
  }
  return result;
}

}  // namespace dunnage::prepare
