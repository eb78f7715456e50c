// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The mounts a process has, from its mountinfo.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launch {

struct TableMount {
  std::uint64_t id = 0;
  std::uint64_t parent = 0;
  std::string target;  ///< from the root of the process
  std::vector<std::string> options;
  std::string type;
  std::vector<std::string> super_options;
};

/// A container's mounts as its first process has them. A value.
class MountTable {
 public:
  MountTable() = default;
  explicit MountTable(std::string_view mountinfo);
  /// \param process pidfd; nothing if it has ended meanwhile, or there are more mounts than anybody should read
  [[nodiscard]] static MountTable of(int process);

  [[nodiscard]] bool empty() const noexcept { return mounts_.empty(); }
  /// Null if it is not in the table.
  [[nodiscard]] const TableMount* find(std::uint64_t id) const;
  /// Null if nothing is mounted at exactly this place; of several the one on top.
  [[nodiscard]] const TableMount* at(std::string_view target) const;
  /// The mounts that would serve `path` without `mount`: covered by it, or by one that it lies on.
  [[nodiscard]] std::vector<const TableMount*> hidden_by(const TableMount& mount, std::string_view path) const;
  /// Where other mounts begin below `path`.
  [[nodiscard]] std::vector<std::string> targets_below(std::string_view path) const;

 private:
  [[nodiscard]] bool lies_on(const TableMount& upper, const TableMount& lower) const;
  std::vector<TableMount> mounts_;
};

}  // namespace dunnage::launch
