// SPDX-License-Identifier: Apache-2.0
#include "volume/index.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/index_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <utility>

namespace dunnage::volume {

VolumeChange::VolumeChange(const Layout& layout, const std::string& name) {
  constexpr auto kPatienceWithStrangers = std::chrono::seconds{5};  // nobody of ours holds it exclusively
  lock_ = kernel::open_beneath(layout.root.get(), launcher::kVolumeLock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!lock_) {
    throw kernel::CallError{"open version", errno};
  }
  if (!kernel::lock_within(lock_.get(), kernel::LockKind::Shared, kPatienceWithStrangers)) {
    throw kernel::CallError{"lock version", EBUSY};
  }
  const auto log = kernel::open_beneath(layout.root.get(), launcher::kVolumeLog,
                                        O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  if (!log && errno == ENOENT) {
    return;
  }
  if (!log || !append_record(log.get(), log_record(name))) {
    put_index_away(layout);
  }
}

VolumeChange::~VolumeChange() { kernel::unlock(lock_.get()); }

void distrust_index(const Layout& layout, const std::string& name) noexcept {
  try {
    const VolumeChange change{layout, name};
  } catch (const std::exception&) {  // it is found again by whoever looks
  }
}

namespace {

/// Beyond this many it is cheaper to make an index than to look at each volume that changed.
bool are_too_many(std::size_t changed, std::size_t volumes) noexcept {
  constexpr std::size_t kFew = 64;
  constexpr std::size_t kShare = 16;
  return changed > kFew + volumes / kShare;
}

}  // namespace

std::optional<VolumeIndex> VolumeIndex::read(const Layout& layout, bool may_write) {
  const auto directory =
      kernel::open_beneath(layout.root.get(), launcher::kVolumeIndex, O_PATH | O_DIRECTORY | O_NOFOLLOW);
  VolumeIndex index;
  if (!directory || !index.read_list(layout, directory.get()) || !index.is_right(layout, directory.get(), may_write)) {
    return std::nullopt;
  }
  return index;
}

bool VolumeIndex::read_list(const Layout& layout, int directory) {
  const auto file = open_index_file(directory, kIndexFile, O_RDONLY);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || status.st_size <= 0 ||
      static_cast<std::uint64_t>(status.st_size) > kMaxIndexBytes) {
    return false;
  }
  const auto place = index_place(layout, file.get());
  const auto size = static_cast<std::size_t>(status.st_size);
  bytes_ = std::make_unique_for_overwrite<char[]>(size);
  if (!place || !read_exactly(file.get(), bytes_.get(), size)) {
    return false;
  }
  auto volumes = read_index({bytes_.get(), size}, *place);
  if (volumes) {
    volumes_ = std::move(*volumes);
  }
  return volumes.has_value();
}

// The times come before the log: a change by others that they do not show, and one of ours that the log does not name,
// come after this listing began.
bool VolumeIndex::is_right(const Layout& layout, int directory, bool may_write) {
  const auto file = open_index_file(directory, kLogFile, O_RDONLY);
  const auto before = change_time_of(layout);
  auto log = file ? read_log_file(file.get()) : std::nullopt;
  if (!log || !before || are_too_many(log->names.size(), volumes_.size())) {
    return false;
  }
  if (std::find(log->right_at.begin(), log->right_at.end(), *before) == log->right_at.end()) {
    const bool settled = before->is_settled();
    const auto entries = kernel::entries_in(layout.volumes.get());
    log = log->names.empty() ? std::nullopt : read_log_file(file.get());  // empty: nothing of ours explains the change
    changed_ = log ? log->names : changed_;
    if (!log || !agrees_with(entries)) {
      return false;
    }
    if (may_write && settled && change_time_of(layout) == before) {
      const auto noting = open_index_file(directory, kLogFile, O_WRONLY | O_APPEND);
      (void)(noting && append_record(noting.get(), log_record(*before)));
    }
  }
  changed_ = std::move(log->names);
  return true;
}

bool VolumeIndex::agrees_with(const std::vector<kernel::DirectoryEntry>& entries) const {
  const auto is_changed = [&](std::string_view name) {
    return std::binary_search(changed_.begin(), changed_.end(), name, std::less<>{});
  };
  std::vector<const kernel::DirectoryEntry*> present;
  present.reserve(entries.size());
  for (const kernel::DirectoryEntry& entry : entries) {
    if (model::is_valid_volume_name(entry.name) && !is_changed(entry.name)) {
      present.push_back(&entry);
    }
  }
  std::sort(present.begin(), present.end(), [](const auto* one, const auto* other) { return one->name < other->name; });
  auto next = present.begin();
  for (const IndexedVolume& volume : volumes_) {
    if (is_changed(volume.name)) {
      continue;
    }
    if (next == present.end() || (*next)->name != volume.name || (*next)->inode != volume.inode) {
      return false;
    }
    ++next;
  }
  return next == present.end();
}

}  // namespace dunnage::volume
