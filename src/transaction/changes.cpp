// SPDX-License-Identifier: Apache-2.0
#include "transaction/changes.hpp"

#include "volume/difference_words.hpp"

#include <sys/stat.h>

#include <tuple>
#include <unordered_map>
#include <utility>

namespace dunnage::transaction {
namespace {

using Kind = TransactionChange::Kind;
using Changes = std::map<std::string, TransactionChange>;

TransactionChange& put(Changes& changes, Kind kind, const std::string& path) {
  TransactionChange& change = changes[path];
  change.kind = kind;
  change.path = path;
  return change;
}

bool is_same_kind(const EntryState& one, const EntryState& other) {
  return (one.mode & S_IFMT) == (other.mode & S_IFMT);
}

void add_entry(Changes& changes, const std::string& path, const ViewEntry& entry) {
  if (entry.hidden()) {
    put(changes, Kind::Deleted, path);
  } else if (entry.upper && !entry.there) {
    put(changes, Kind::Added, path);
  } else if (entry.upper && !is_same_kind(entry.above, entry.below)) {
    put(changes, Kind::Replaced, path);
  } else if (entry.upper && entry.what != 0) {
    const bool content = (entry.what & volume::kDiffersInContent) != 0;
    put(changes, content ? Kind::Modified : Kind::Metadata, path).what = volume::difference_words(entry.what);
  }
}

/// Of a path that is on both sides, and of one kind there. One that is in the source alone may have lost a name.
void compare_names(Changes& changes, const View& view, const std::string& path) {
  const auto known = changes.find(path);
  const bool comparable = known == changes.end() || !known->second.what.empty();
  if (!comparable || volume::has_same_names(view.links_before, view.links_after, path)) {
    return;
  }
  TransactionChange& change = known == changes.end() ? put(changes, Kind::Metadata, path) : known->second;
  if (change.what.empty() || change.what.back() != "links") {
    change.what.emplace_back("links");
  }
}

std::uint32_t difference_of(const EntryState& one, const EntryState& other) {
  const bool time = one.modified != other.modified || one.modified_nanoseconds != other.modified_nanoseconds;
  return (one.size != other.size || time ? launcher::kDiffersContent : 0U) |
         (one.mode != other.mode ? launcher::kDiffersMode : 0U) |
         (one.uid != other.uid || one.gid != other.gid ? launcher::kDiffersOwner : 0U) |
         (one.attributes != other.attributes ? launcher::kDiffersAttributes : 0U);
}

/// What was deleted, to be found by what was copied of it.
class DeletedFiles {
 public:
  explicit DeletedFiles(const View& view) {
    for (const auto& [path, entry] : view.entries) {
      if (entry.hidden() && entry.there && !is_directory(entry.below) && entry.below.links == 1) {
        by_handle_.emplace(entry.below.handle, &path);
        by_look_[look_of(entry.below)].push_back(&path);
      }
    }
    for (const auto& [path, entry] : view.entries) {
      if (entry.upper && !entry.there && entry.above.handle == launcher::kOfSomething) {
        ++copies_[look_of(entry.above)];
      }
    }
  }

  /// Null: there is none, or more than one that could be it.
  [[nodiscard]] const std::string* origin_of(const EntryState& copy) const {
    if (copy.handle != launcher::kOfSomething) {
      const auto found = by_handle_.find(copy.handle);
      return copy.handle == 0 || found == by_handle_.end() ? nullptr : found->second;
    }
    const auto found = by_look_.find(look_of(copy));
    const bool one = found != by_look_.end() && found->second.size() == 1 && copies_.at(look_of(copy)) == 1;
    return one ? found->second.front() : nullptr;
  }

 private:
  /// A copy has the size and the time of its original, until it is written to.
  using Look = std::tuple<std::uint64_t, std::int64_t, std::uint32_t>;
  static Look look_of(const EntryState& state) { return {state.size, state.modified, state.modified_nanoseconds}; }

  std::unordered_map<std::uint64_t, const std::string*> by_handle_;
  std::map<Look, std::vector<const std::string*>> by_look_;
  std::map<Look, unsigned> copies_;
};

void find_renames(Changes& changes, const View& view) {
  const DeletedFiles deleted{view};
  for (const auto& [path, entry] : view.entries) {
    const auto known = changes.find(path);
    if (known == changes.end() || known->second.kind != Kind::Added || is_directory(entry.above) ||
        entry.above.links != 1) {
      continue;
    }
    const std::string* from = deleted.origin_of(entry.above);
    const auto gone = from == nullptr ? changes.end() : changes.find(*from);
    if (gone == changes.end() || !is_same_kind(entry.above, view.entries.at(*from).below)) {
      continue;  // another copy of it was found before
    }
    known->second.kind = Kind::Renamed;
    known->second.from = *from;
    known->second.what = volume::difference_words(difference_of(entry.above, view.entries.at(*from).below));
    changes.erase(gone);
  }
}

}  // namespace

std::vector<TransactionChange> changes_in(const View& view) {
  Changes changes;
  for (const auto& [path, entry] : view.entries) {
    add_entry(changes, path, entry);
  }
  for (const volume::LinkNames* names : {&view.links_before, &view.links_after}) {
    for (const auto& [path, inode] : names->all()) {
      compare_names(changes, view, path);
    }
  }
  find_renames(changes, view);
  for (const std::string& mount : view.mounts) {
    if (!changes.contains(mount)) {
      put(changes, Kind::NestedMount, mount);
    }
  }
  std::vector<TransactionChange> sorted;
  sorted.reserve(changes.size());
  for (auto& [path, change] : changes) {
    sorted.push_back(std::move(change));
  }
  return sorted;
}

}  // namespace dunnage::transaction
