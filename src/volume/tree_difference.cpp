// SPDX-License-Identifier: Apache-2.0
#include "volume/tree_difference.hpp"

#include "launcher/compare_trees.hpp"
#include "volume/difference_words.hpp"
#include "volume/failure.hpp"
#include "volume/link_names.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::volume {
namespace {

using launcher::CompareKind;
using launcher::CompareRecord;

class Differences {
 public:
  void add(const CompareRecord& record, std::string_view path) {
    switch (record.kind) {
      case CompareKind::Added:
        put(SnapshotChange::Kind::Added, path);
        break;
      case CompareKind::Deleted:
        put(SnapshotChange::Kind::Deleted, path);
        break;
      case CompareKind::OtherKind:
        put(SnapshotChange::Kind::Replaced, path);
        break;
      case CompareKind::LinkBefore:
        before_.add(record.inode, path);
        break;
      case CompareKind::LinkAfter:
        after_.add(record.inode, path);
        break;
      case CompareKind::Changed:
        put((record.what & kDiffersInContent) != 0 ? SnapshotChange::Kind::Modified : SnapshotChange::Kind::Metadata,
            path)
            .what = difference_words(record.what);
        break;
    }
  }

  std::vector<SnapshotChange> take() {
    for (const LinkNames* names : {&before_, &after_}) {
      for (const auto& [path, inode] : names->all()) {
        compare_links(path);
      }
    }
    std::vector<SnapshotChange> changes;
    changes.reserve(changes_.size());
    for (auto& [path, change] : changes_) {
      changes.push_back(std::move(change));
    }
    return changes;
  }

 private:
  SnapshotChange& put(SnapshotChange::Kind kind, std::string_view path) {
    SnapshotChange& change = changes_[std::string{path}];
    change.kind = kind;
    change.path = path;
    return change;
  }

  /// Of a path that is in both trees, and of one kind there.
  void compare_links(const std::string& path) {
    const auto known = changes_.find(path);
    const bool comparable = known == changes_.end() || !known->second.what.empty();
    if (!comparable || has_same_names(before_, after_, path)) {
      return;
    }
    SnapshotChange& change = known == changes_.end() ? put(SnapshotChange::Kind::Metadata, path) : known->second;
    if (std::find(change.what.begin(), change.what.end(), "links") == change.what.end()) {
      change.what.emplace_back("links");
    }
  }

  std::map<std::string, SnapshotChange> changes_;
  LinkNames before_;
  LinkNames after_;
};

}  // namespace

std::vector<SnapshotChange> tree_difference(const Deed& deed, const launcher::Connection& connection, int before,
                                            int after, const DiffOptions& options) {
  Differences differences;
  const auto outcome = launcher::compare_trees(
      connection, before, after, options.trust_times,
      [&](const CompareRecord& record, std::string_view path) { differences.add(record, path); }, options.watch);
  require_done(deed, outcome);
  return differences.take();
}

}  // namespace dunnage::volume
