// SPDX-License-Identifier: Apache-2.0
#include "transaction/selection.hpp"

#include "model/path_pattern.hpp"

#include <algorithm>
#include <cstddef>
#include <unordered_map>
#include <utility>

namespace dunnage::transaction {
namespace {

using Kind = TransactionChange::Kind;

/// Whether a pattern means a path, or a directory it is in.
bool means(const std::string& pattern, const std::string& path) {
  const auto wanted = model::path_names(pattern);
  auto names = model::path_names(path);
  if (wanted.empty()) {
    return true;  // "." and "/" mean all
  }
  for (; !names.empty(); names.pop_back()) {
    if (model::pattern_means(wanted, names)) {
      return true;
    }
  }
  return false;
}

bool means(const std::vector<std::string>& patterns, const TransactionChange& change) {
  return std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
    return means(pattern, change.path) || (!change.from.empty() && means(pattern, change.from));
  });
}

bool chooses(const TransactionFilter& filter, const TransactionChange& change) {
  return change.kind != Kind::NestedMount && (filter.include.empty() || means(filter.include, change)) &&
         !means(filter.exclude, change) && (!filter.accept || filter.accept(change));
}

bool has_links(const TransactionChange& change) { return !change.what.empty() && change.what.back() == "links"; }

/// What is chosen, and what follows from it, until nothing does any more.
class Choice {
 public:
  Choice(const std::vector<TransactionChange>& changes, const View& view) : changes_{changes}, view_{view} {
    for (std::size_t index = 0; index < changes.size(); ++index) {
      places_.emplace(changes[index].path, index);
      if (!changes[index].from.empty()) {
        places_.emplace(changes[index].from, index);
      }
      const ViewEntry* entry = entry_of(changes[index].path);
      if (entry != nullptr && entry->upper && !is_directory(entry->above) && entry->above.links > 1) {
        inodes_[entry->above.inode].push_back(index);
      }
    }
    chosen_.assign(changes.size(), false);
  }

  void choose(std::size_t index) {
    if (!chosen_[index] && changes_[index].kind != Kind::NestedMount) {
      chosen_[index] = true;
      waiting_.push_back(index);
    }
  }

  void follow() {
    while (!waiting_.empty()) {
      const std::size_t index = waiting_.back();
      waiting_.pop_back();
      follow_parents(changes_[index]);
      follow_tree(changes_[index]);
      follow_names(changes_[index]);
    }
  }

  [[nodiscard]] bool is_chosen(std::size_t index) const { return chosen_[index]; }

 private:
  [[nodiscard]] const ViewEntry* entry_of(const std::string& path) const {
    const auto found = view_.entries.find(path);
    return found == view_.entries.end() ? nullptr : &found->second;
  }

  void choose_path(const std::string& path) {
    if (const auto found = places_.find(path); found != places_.end()) {
      choose(found->second);
    }
  }

  /// Directories that are not there, or are no directories, before what is in them.
  void follow_parents(const TransactionChange& change) {
    if (change.kind == Kind::Deleted) {
      return;
    }
    for (std::size_t end = change.path.rfind('/'); end != std::string::npos && end > 0;
         end = change.path.rfind('/', end - 1)) {
      const auto found = places_.find(change.path.substr(0, end));
      if (found != places_.end() && changes_[found->second].path.size() == end &&
          (changes_[found->second].kind == Kind::Added || changes_[found->second].kind == Kind::Replaced)) {
        choose(found->second);
      }
    }
  }

  /// All that is in a directory that goes.
  void follow_tree(const TransactionChange& change) {
    const ViewEntry* entry = entry_of(change.path);
    const bool goes = (change.kind == Kind::Deleted || change.kind == Kind::Replaced) && entry != nullptr &&
                      entry->there && is_directory(entry->below);
    if (!goes) {
      return;
    }
    const std::string below = change.path + '/';
    for (auto at = places_.lower_bound(below); at != places_.end() && at->first.starts_with(below); ++at) {
      const TransactionChange& inner = changes_[at->second];
      if (inner.kind == Kind::Deleted || inner.from == at->first) {
        choose(at->second);
      }
    }
  }

  /// All names of one file, of those it had and of those it has.
  void follow_names(const TransactionChange& change) {
    const ViewEntry* entry = entry_of(change.path);
    if (entry != nullptr && entry->upper) {
      if (const auto same = inodes_.find(entry->above.inode); same != inodes_.end() && !is_directory(entry->above)) {
        std::for_each(same->second.begin(), same->second.end(), [&](std::size_t index) { choose(index); });
      }
    }
    if (!has_links(change)) {
      return;
    }
    for (const volume::LinkNames* names : {&view_.links_before, &view_.links_after}) {
      if (const auto* all = names->with(change.path)) {
        std::for_each(all->begin(), all->end(), [&](const std::string& path) { choose_path(path); });
      }
    }
  }

  const std::vector<TransactionChange>& changes_;
  const View& view_;
  std::map<std::string, std::size_t> places_;
  std::unordered_map<std::uint64_t, std::vector<std::size_t>> inodes_;
  std::vector<bool> chosen_;
  std::vector<std::size_t> waiting_;
};

}  // namespace

Selection select_changes(const std::vector<TransactionChange>& changes, const View& view,
                         const TransactionFilter& filter) {
  Choice choice{changes, view};
  std::vector<bool> asked(changes.size(), false);
  for (std::size_t index = 0; index < changes.size(); ++index) {
    asked[index] = chooses(filter, changes[index]);
    if (asked[index]) {
      choice.choose(index);
    }
  }
  choice.follow();
  Selection selection;
  for (std::size_t index = 0; index < changes.size(); ++index) {
    if (choice.is_chosen(index)) {
      selection.changes.push_back(changes[index]);
      if (!asked[index]) {
        selection.came_along.push_back(changes[index].path);
      }
    }
  }
  return selection;
}

}  // namespace dunnage::transaction
