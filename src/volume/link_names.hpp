// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Which names are one file, in one tree.

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

namespace dunnage::volume {

class LinkNames {
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

/// Whether a path has the same further names in both.
[[nodiscard]] inline bool has_same_names(const LinkNames& before, const LinkNames& after, const std::string& path) {
  const std::set<std::string>* one = before.with(path);
  const std::set<std::string>* other = after.with(path);
  return one == nullptr || other == nullptr ? one == other : *one == *other;
}

}  // namespace dunnage::volume
