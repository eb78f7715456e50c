// SPDX-License-Identifier: Apache-2.0
#include "crash/disk_tree.hpp"

#include <algorithm>
#include <cstddef>

namespace dunnage::test {
namespace {

using Kind = DiskChange::Kind;

void write(std::string& data, std::size_t position, const std::string& what) {
  data.resize(std::max(data.size(), position + what.size()));
  data.replace(position, what.size(), what);
}

void set_status(struct stat& status, const DiskChange& change) {
  if (change.mode) status.st_mode = (status.st_mode & S_IFMT) | (*change.mode & ~static_cast<mode_t>(S_IFMT));
  if (change.owner) status.st_uid = *change.owner;
  if (change.group) status.st_gid = *change.group;
  if (change.read_at) status.st_atim = *change.read_at;
  if (change.written_at) status.st_mtim = *change.written_at;
}

void set_attribute(std::map<std::string, std::string>& attributes, const DiskChange& change) {
  if (change.value) {
    attributes[change.name] = *change.value;
  } else {
    attributes.erase(change.name);
  }
}

}  // namespace

DiskTree::DiskTree() {
  next_node_ = kTopNode;
  make({.kind = Kind::Make, .node = kTopNode, .mode = S_IFDIR | 0755});
}

std::optional<Node> DiskTree::find(Node directory, const std::string& name) const {
  const File& file = at(directory);
  const auto entry = file.names.find(name);
  return entry == file.names.end() ? std::nullopt : std::optional{entry->second.node};
}

void DiskTree::make(const DiskChange& change) {
  File& file = files_[change.node];
  file.status.st_ino = change.node;
  file.status.st_mode = change.mode.value_or(0);
  file.status.st_uid = change.owner.value_or(0);
  file.status.st_gid = change.group.value_or(0);
  file.status.st_rdev = change.device;
  file.status.st_nlink = S_ISDIR(file.status.st_mode) ? 1 : 0;
  file.status.st_atim = file.status.st_mtim = file.status.st_ctim = change.when;
  file.data = change.data;
  file.status.st_size = static_cast<off_t>(file.data.size());
  next_node_ = std::max(next_node_, change.node + 1);
}

void DiskTree::put(const DiskChange::Place& place, timespec when) {
  File& directory = files_.at(place.directory);
  const auto count = [&](Node node, bool more) {
    struct stat& status = files_.at(node).status;
    status.st_nlink = more ? status.st_nlink + 1 : status.st_nlink - 1;
    status.st_ctim = when;
  };
  if (const auto before = find(place.directory, place.name)) count(*before, false);
  directory.names.erase(place.name);
  if (place.node != 0) {
    directory.names[place.name] = {place.node, next_cookie_++};
    count(place.node, true);
  }
  directory.status.st_mtim = directory.status.st_ctim = when;
}

void DiskTree::apply(const DiskChange& change) {
  if (change.kind == Kind::Make) return make(change);
  if (change.kind == Kind::SyncAll) return;
  File& file = files_.at(change.node);
  switch (change.kind) {
    case Kind::Names:
      for (const auto& place : change.places) put(place, change.when);
      return;
    case Kind::Write:
      write(file.data, change.position, change.data);
      file.status.st_mtim = change.when;
      break;
    case Kind::Resize:
      file.data.resize(change.position);
      file.status.st_mtim = change.when;
      break;
    case Kind::Status:
      set_status(file.status, change);
      break;
    case Kind::Attribute:
      set_attribute(file.attributes, change);
      break;
    default:
      return;
  }
  file.status.st_size = static_cast<off_t>(file.data.size());
  file.status.st_ctim = change.when;
}

}  // namespace dunnage::test
