// SPDX-License-Identifier: Apache-2.0
#include "volume/tree_difference.hpp"

#include "launcher/compare_trees.hpp"
#include "volume/failure.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace dunnage::volume {
namespace {

using launcher::CompareKind;
using launcher::CompareRecord;

constexpr std::array<std::pair<std::uint32_t, const char*>, 7> kDifferences{{
    {launcher::kDiffersContent, "content"},
    {launcher::kDiffersTarget, "target"},
    {launcher::kDiffersDevice, "device"},
    {launcher::kDiffersMode, "mode"},
    {launcher::kDiffersOwner, "owner"},
    {launcher::kDiffersAttributes, "attributes"},
    {launcher::kDiffersTime, "time"},
}};

constexpr std::uint32_t kContents = launcher::kDiffersContent | launcher::kDiffersTarget | launcher::kDiffersDevice;

/// Which names are one file, in one tree.
class NamesOfFiles {
 public:
  void add(std::uint64_t inode, std::string_view path) {
    paths_[inode].emplace(path);
    inodes_.insert_or_assign(std::string{path}, inode);
  }
  [[nodiscard]] const std::map<std::string, std::uint64_t>& all() const noexcept { return inodes_; }
  /// All names of the file that has this one. Null: it has no other.
  [[nodiscard]] const std::set<std::string>* with(const std::string& path) const {
    const auto inode = inodes_.find(path);
    const std::set<std::string>* names = inode == inodes_.end() ? nullptr : &paths_.at(inode->second);
    return names != nullptr && names->size() > 1 ? names : nullptr;
  }

 private:
  std::unordered_map<std::uint64_t, std::set<std::string>> paths_;
  std::map<std::string, std::uint64_t> inodes_;
};

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
        put((record.what & kContents) != 0 ? SnapshotChange::Kind::Modified : SnapshotChange::Kind::Metadata, path)
            .what = words_of(record.what);
        break;
    }
  }

  std::vector<SnapshotChange> take() {
    for (const NamesOfFiles* names : {&before_, &after_}) {
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

  static std::vector<std::string> words_of(std::uint32_t what) {
    std::vector<std::string> words;
    for (const auto& [flag, word] : kDifferences) {
      if ((what & flag) != 0) {
        words.emplace_back(word);
      }
    }
    return words;
  }

  /// Of a path that is in both trees, and of one kind there.
  void compare_links(const std::string& path) {
    const std::set<std::string>* before = before_.with(path);
    const std::set<std::string>* after = after_.with(path);
    const bool same = before == nullptr || after == nullptr ? before == after : *before == *after;
    const auto known = changes_.find(path);
    const bool comparable = known == changes_.end() || !known->second.what.empty();
    if (same || !comparable) {
      return;
    }
    SnapshotChange& change = known == changes_.end() ? put(SnapshotChange::Kind::Metadata, path) : known->second;
    if (std::find(change.what.begin(), change.what.end(), "links") == change.what.end()) {
      change.what.emplace_back("links");
    }
  }

  std::map<std::string, SnapshotChange> changes_;
  NamesOfFiles before_;
  NamesOfFiles after_;
};

}  // namespace

std::vector<SnapshotChange> tree_difference(const Deed& deed, const launcher::Connection& connection, int before,
                                            int after, const DiffOptions& options) {
  Differences differences;
  const auto outcome = launcher::compare_trees(
      connection, before, after, options.trust_times,
      [&](const CompareRecord& record, std::string_view path) { differences.add(record, path); }, options.watch);
  if (!outcome.done()) {
    throw work_failure(deed.operation, deed.volume, deed.detail, outcome);
  }
  return differences.take();
}

}  // namespace dunnage::volume
