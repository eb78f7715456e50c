// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A disk in memory as a file system of FUSE (linux/fuse.h), which writes down each change that is asked of it.

#include "crash/disk_tree.hpp"

#include <linux/fuse.h>

#include <cstddef>
#include <string_view>
#include <vector>

namespace dunnage::test {

class DiskSession {
 public:
  /// \param device  /dev/fuse, not owned
  DiskSession(int device, DiskTree tree);

  /// What one read of the device has given.
  void answer(const fuse_in_header& header, std::string_view body);
  /// Somebody has called syncfs, of which FUSE does not tell its servers.
  void sync_all() { change({.kind = DiskChange::Kind::SyncAll}); }

  [[nodiscard]] const DiskTree& tree() const noexcept { return tree_; }
  /// All there were, the earliest first.
  [[nodiscard]] const std::vector<DiskChange>& changes() const noexcept { return changes_; }

 private:
  struct Request;

  void change(DiskChange change);
  void reply(const Request& request, int error) const;
  void reply(const Request& request, std::string_view body) const;
  template <typename Body>
  void reply_with(const Request& request, const Body& body) const;
  void reply_entry(const Request& request, Node node) const;
  void reply_attributes(const Request& request) const;
  /// What was asked for, with the length it has if only that was asked for.
  void reply_sized(const Request& request, std::string_view whole) const;

  void answer_names(const Request& request);
  void answer_content(const Request& request);
  void answer_attributes(const Request& request);
  void begin(const Request& request) const;
  [[nodiscard]] Node make(const Request& request, mode_t mode, dev_t device = 0, std::string_view leads_to = {});
  void name_new(const Request& request, Node node, std::string_view name);
  void create(const Request& request, bool named);
  void remove(const Request& request, bool directory);
  void rename(const Request& request, Node to, unsigned flags, std::string_view names);
  void list(const Request& request) const;
  void read(const Request& request) const;
  void set_status(const Request& request);

  int device_;
  DiskTree tree_;
  std::vector<DiskChange> changes_;
};

}  // namespace dunnage::test
