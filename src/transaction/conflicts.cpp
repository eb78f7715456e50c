// SPDX-License-Identifier: Apache-2.0
#include "transaction/conflicts.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <optional>
#include <utility>

namespace dunnage::transaction {
namespace {

using Source = TransactionConflict::Source;

bool is_same_content(const EntryState& one, const EntryState& other) {
  return one.inode == other.inode && one.size == other.size && one.modified == other.modified &&
         one.modified_nanoseconds == other.modified_nanoseconds;
}

bool is_same_status(const EntryState& one, const EntryState& other) {
  return one.mode == other.mode && one.uid == other.uid && one.gid == other.gid;
}

/// Of one that was there and still is.
std::optional<Source> source_change(const EntryState& before, const EntryState& now, bool begun) {
  if ((before.mode & S_IFMT) != (now.mode & S_IFMT)) {
    return Source::Replaced;
  }
  if (is_directory(now)) {  // its times and its inode say nothing that its entries do not say better
    const bool same = begun || (is_same_status(before, now) && before.attributes == now.attributes);
    return same ? std::nullopt : std::optional{Source::Metadata};
  }
  if (!is_same_content(before, now)) {
    return Source::Modified;
  }
  const bool unchanged = before.links == now.links && before.changed == now.changed &&
                         before.changed_nanoseconds == now.changed_nanoseconds;
  const bool same = is_same_status(before, now) && (begun || unchanged);
  return same ? std::nullopt : std::optional{Source::Metadata};
}

/// Something mounted that is in the way of a path: of all of it, as mounts are there by path.
bool is_mounted(const View& view, const std::string& path, const ViewEntry* entry) {
  const bool goes =
      entry != nullptr && entry->there && is_directory(entry->below) && !(entry->upper && is_directory(entry->above));
  return (entry != nullptr && entry->covered) ||
         std::any_of(view.mounts.begin(), view.mounts.end(), [&](const std::string& mount) {
           return is_within(path, mount) || (goes && is_within(mount, path));
         });
}

std::optional<Source> conflict_at(const View& view, const Baseline& baseline, const std::string& path, bool begun) {
  const auto found = view.entries.find(path);
  const ViewEntry* entry = found == view.entries.end() ? nullptr : &found->second;
  if (is_mounted(view, path, entry)) {
    return Source::Mounted;
  }
  if (entry == nullptr) {
    return std::nullopt;  // it has lost a name, and is not touched itself
  }
  const auto before = baseline.find(path);
  if (before == baseline.end()) {
    const bool ours = begun && entry->upper && entry->what == 0;
    return entry->there && !ours ? std::optional{Source::Added} : std::nullopt;
  }
  if (!entry->there) {
    return Source::Deleted;
  }
  return source_change(before->second, entry->below, begun);
}

}  // namespace

std::vector<TransactionConflict> conflicts_of(const std::vector<TransactionChange>& changes, const View& view,
                                              const Baseline& baseline, const std::set<std::string>& begun) {
  std::vector<TransactionConflict> conflicts;
  for (const TransactionChange& change : changes) {
    if (change.kind == TransactionChange::Kind::NestedMount) {
      continue;
    }
    for (const std::string* path : {&change.path, &change.from}) {
      const auto source = path->empty() ? std::nullopt : conflict_at(view, baseline, *path, begun.contains(*path));
      if (source) {
        conflicts.push_back({.path = *path, .change = change.kind, .source = *source});
      }
    }
  }
  std::sort(conflicts.begin(), conflicts.end(),
            [](const TransactionConflict& one, const TransactionConflict& other) { return one.path < other.path; });
  return conflicts;
}

}  // namespace dunnage::transaction
