// SPDX-License-Identifier: Apache-2.0
// What is asked of one file: its content, its status, its attributes, and the names in it.

#include "crash/disk_request.hpp"

#include <array>
#include <cerrno>
#include <utility>

namespace dunnage::test {
namespace {

using Kind = DiskChange::Kind;

}  // namespace

void DiskSession::list(const Request& request) const {
  std::string_view body = request.body;
  const auto in = first_of<fuse_read_in>(body);
  std::vector<std::pair<std::string, DiskTree::Entry>> entries{{".", {request.header.nodeid, 1}},
                                                               {"..", {request.header.nodeid, 2}}};
  const auto& names = tree_.at(request.header.nodeid).names;
  entries.insert(entries.end(), names.begin(), names.end());
  std::ranges::sort(entries, {}, [](const auto& entry) { return entry.second.cookie; });
  std::string listing;
  for (const auto& [name, entry] : entries) {
    if (entry.cookie <= in.offset) continue;
    fuse_dirent head{};
    head.ino = entry.node;
    head.off = entry.cookie;
    head.namelen = static_cast<std::uint32_t>(name.size());
    head.type = (tree_.at(entry.node).status.st_mode & S_IFMT) >> 12U;
    if (listing.size() + FUSE_DIRENT_SIZE(&head) > in.size) break;
    const std::size_t end = listing.size() + FUSE_DIRENT_SIZE(&head);
    listing.append(reinterpret_cast<const char*>(&head), FUSE_NAME_OFFSET).append(name).resize(end);
  }
  reply(request, listing);
}

void DiskSession::read(const Request& request) const {
  std::string_view body = request.body;
  const auto in = first_of<fuse_read_in>(body);
  const std::string_view data = tree_.at(request.header.nodeid).data;
  reply(request, data.substr(std::min<std::size_t>(in.offset, data.size()), in.size));
}

void DiskSession::answer_content(const Request& request) {
  std::string_view body = request.body;
  const Node node = request.header.nodeid;
  switch (request.header.opcode) {
    case FUSE_READLINK:
      return reply(request, tree_.at(node).data);
    case FUSE_READ:
      return read(request);
    case FUSE_WRITE: {
      const auto in = first_of<fuse_write_in>(body);
      change({.kind = Kind::Write, .node = node, .position = in.offset, .data = std::string{body.substr(0, in.size)}});
      return reply_with(request, fuse_write_out{in.size, 0});
    }
    case FUSE_FSYNC:
    case FUSE_FSYNCDIR: {
      const bool content = (first_of<fuse_fsync_in>(body).fsync_flags & FUSE_FSYNC_FDATASYNC) != 0;
      change({.kind = content ? Kind::SyncData : Kind::Sync, .node = node});
      return reply(request, 0);
    }
    default:
      return answer_attributes(request);
  }
}

void DiskSession::answer_attributes(const Request& request) {
  std::string_view body = request.body;
  const Node node = request.header.nodeid;
  const auto& attributes = tree_.at(node).attributes;
  switch (request.header.opcode) {
    case FUSE_SETXATTR: {
      const auto size = first_of<std::array<std::uint32_t, 2>>(body)[0];  // the size, and flags that nobody uses here
      const std::string name = name_of(body);
      if (name.starts_with("system.")) return reply(request, EOPNOTSUPP);
      change({.kind = Kind::Attribute, .node = node, .name = name, .value = std::string{body.substr(0, size)}});
      return reply(request, 0);
    }
    case FUSE_GETXATTR: {
      (void)first_of<fuse_getxattr_in>(body);
      const std::string name = name_of(body);
      if (name.starts_with("system.")) return reply(request, EOPNOTSUPP);
      const auto found = attributes.find(name);
      return found == attributes.end() ? reply(request, ENODATA) : reply_sized(request, found->second);
    }
    case FUSE_LISTXATTR: {
      std::string names;
      for (const auto& [name, value] : attributes) names += name + '\0';
      return reply_sized(request, names);
    }
    case FUSE_REMOVEXATTR: {
      const std::string name = name_of(body);
      if (!attributes.contains(name)) return reply(request, ENODATA);
      change({.kind = Kind::Attribute, .node = node, .name = name});
      return reply(request, 0);
    }
    case FUSE_IOCTL:
      return reply(request, ENOTTY);
    default:
      return reply(request, ENOSYS);
  }
}

void DiskSession::set_status(const Request& request) {
  std::string_view body = request.body;
  const auto in = first_of<fuse_setattr_in>(body);
  const Node node = request.header.nodeid;
  const auto has = [&](std::uint32_t flag) { return (in.valid & flag) != 0; };
  if (has(FATTR_SIZE)) change({.kind = Kind::Resize, .node = node, .position = in.size});
  DiskChange status{.kind = Kind::Status, .node = node};
  if (has(FATTR_MODE)) status.mode = in.mode;
  if (has(FATTR_UID)) status.owner = in.uid;
  if (has(FATTR_GID)) status.group = in.gid;
  const auto time = [&](std::uint64_t seconds, std::uint32_t rest, std::uint32_t is_now) {
    return has(is_now) ? now() : timespec{static_cast<time_t>(seconds), static_cast<long>(rest)};
  };
  if (has(FATTR_ATIME)) status.read_at = time(in.atime, in.atimensec, FATTR_ATIME_NOW);
  if (has(FATTR_MTIME)) status.written_at = time(in.mtime, in.mtimensec, FATTR_MTIME_NOW);
  const bool changes = status.mode || status.owner || status.group || status.read_at || status.written_at;
  if (changes) change(std::move(status));
  reply_attributes(request);
}

}  // namespace dunnage::test
