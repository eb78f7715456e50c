// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/index.hpp"
#include "volume/index_file.hpp"
#include "volume/private_directory.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

namespace dunnage::volume {
namespace {

/// A directory of an index without the index: its maker lives as long as the log is locked.
bool is_in_the_making(const Layout& layout) {
  const auto directory =
      kernel::open_beneath(layout.root.get(), launcher::kVolumeIndex, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  if (!directory || kernel::exists_at(directory.get(), kIndexFile)) {
    return false;
  }
  const auto log = open_index_file(directory.get(), kLogFile, O_RDONLY);
  return log && kernel::is_locked_by_another(log.get(), kernel::LockKind::Exclusive);
}

/// Whoever begins a change from now on finds the new log; these began before. A change takes a moment.
bool somebody_changes(const Layout& layout) {
  constexpr int kLooks = 16;
  const auto lock =
      kernel::open_beneath(layout.root.get(), launcher::kVolumeLock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  for (int look = 0; lock && look < kLooks; ++look) {
    if (!kernel::is_locked_by_another(lock.get(), kernel::LockKind::Exclusive)) {
      return false;
    }
  }
  return true;
}

}  // namespace

std::optional<IndexDraft> IndexDraft::begin(const Layout& layout, Settled settled) {
  IndexDraft draft;
  try {
    return draft.make(layout, settled) ? std::optional{std::move(draft)} : std::nullopt;
  } catch (const kernel::CallError&) {  // listing goes without
  } catch (const VolumeError&) {
  }
  return std::nullopt;
}

bool IndexDraft::make(const Layout& layout, Settled settled) {
  const auto time = change_time_of(layout);
  if (!time || (settled == Settled::Required && !time->is_settled()) || !can_hold_index(layout) ||
      is_in_the_making(layout)) {
    return false;
  }
  time_ = *time;
  put_index_away(layout);
  if (!kernel::make_directory(layout.root.get(), launcher::kVolumeIndex, kPrivateDirectory)) {
    return false;  // somebody was faster
  }
  directory_ = kernel::open_beneath(layout.root.get(), launcher::kVolumeIndex, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!directory_) {
    return false;
  }
  log_ = kernel::create_file(directory_.get(), kLogFile, kPrivateFile);
  return log_ && kernel::try_lock(log_.get(), kernel::LockKind::Exclusive) && !somebody_changes(layout);
}

void IndexDraft::finish(const Layout& layout) {
  try {
    if (write_log(layout)) {
      write_list(layout);
    }
  } catch (const kernel::CallError&) {  // the next listing tries again
  }
  kernel::unlock(log_.get());
}

/// \return false if there can be no index
bool IndexDraft::write_log(const Layout& layout) {
  constexpr std::size_t kMostDamaged = 32;
  const auto time = change_time_of(layout);
  const auto log = read_log_file(log_.get());
  if (!time || !log || damaged_.size() > kMostDamaged || (*time != time_ && log->names.empty())) {
    return false;
  }
  const auto writing = open_index_file(directory_.get(), kLogFile, O_WRONLY | O_APPEND);
  bool written = static_cast<bool>(writing);
  for (const std::string& name : damaged_) {
    written = written && append_record(writing.get(), log_record(name));
  }
  return written && (*time != time_ || append_record(writing.get(), log_record(time_)));
}

void IndexDraft::write_list(const Layout& layout) {
  const auto file = kernel::create_file(directory_.get(), kNewIndexFile, kPrivateFile);
  const auto place = file ? index_place(layout, file.get()) : std::nullopt;
  const auto bytes = place ? writer_.finish(*place) : std::nullopt;
  if (bytes) {
    kernel::write_all(file.get(), *bytes);
    if (::renameat(directory_.get(), kNewIndexFile, directory_.get(), kIndexFile) != 0) {
      throw kernel::CallError{"rename", errno};
    }
  } else {
    (void)::unlinkat(directory_.get(), kNewIndexFile, 0);
  }
}

}  // namespace dunnage::volume
