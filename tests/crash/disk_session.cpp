// SPDX-License-Identifier: Apache-2.0
#include "crash/disk_request.hpp"

#include <fcntl.h>
#include <limits.h>
#include <linux/fs.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace dunnage::test {
namespace {

using Kind = DiskChange::Kind;

constexpr std::uint64_t kForever = 3600;  // seconds: nobody else changes this disk
constexpr std::uint32_t kBlock = 4096;
constexpr std::uint32_t kMostWritten = 1U << 17U;

fuse_attr attributes_of(const DiskTree::File& file) {
  const struct stat& status = file.status;
  fuse_attr attr{};
  attr.ino = status.st_ino;
  attr.mode = status.st_mode;
  attr.nlink = static_cast<std::uint32_t>(status.st_nlink);
  attr.uid = status.st_uid;
  attr.gid = status.st_gid;
  attr.rdev = static_cast<std::uint32_t>(status.st_rdev);
  attr.size = static_cast<std::uint64_t>(status.st_size);
  attr.blocks = (attr.size + 511) / 512;
  attr.blksize = kBlock;
  const auto put = [](const timespec& time, std::uint64_t& seconds, std::uint32_t& rest) {
    seconds = static_cast<std::uint64_t>(time.tv_sec);
    rest = static_cast<std::uint32_t>(time.tv_nsec);
  };
  put(status.st_atim, attr.atime, attr.atimensec);
  put(status.st_mtim, attr.mtime, attr.mtimensec);
  put(status.st_ctim, attr.ctime, attr.ctimensec);
  return attr;
}

fuse_entry_out entry_of(const DiskTree& tree, Node node) {
  fuse_entry_out out{};
  out.nodeid = node;
  out.entry_valid = out.attr_valid = kForever;
  out.attr = attributes_of(tree.at(node));
  return out;
}

}  // namespace

DiskSession::DiskSession(int device, DiskTree tree) : device_{device}, tree_{std::move(tree)} {}

void DiskSession::change(DiskChange change) {
  change.when = now();
  tree_.apply(change);
  changes_.push_back(std::move(change));
}

void DiskSession::reply(const Request& request, int error) const {
  const fuse_out_header out{sizeof out, -error, request.header.unique};
  (void)!::write(device_, &out, sizeof out);
}

void DiskSession::reply(const Request& request, std::string_view body) const {
  fuse_out_header out{static_cast<std::uint32_t>(sizeof out + body.size()), 0, request.header.unique};
  const std::array<iovec, 2> parts{{{&out, sizeof out}, {const_cast<char*>(body.data()), body.size()}}};
  (void)!::writev(device_, parts.data(), static_cast<int>(parts.size()));
}

void DiskSession::reply_entry(const Request& request, Node node) const { reply_with(request, entry_of(tree_, node)); }

void DiskSession::reply_attributes(const Request& request) const {
  fuse_attr_out out{};
  out.attr_valid = kForever;
  out.attr = attributes_of(tree_.at(request.header.nodeid));
  reply_with(request, out);
}

void DiskSession::reply_sized(const Request& request, std::string_view whole) const {
  std::string_view body = request.body;
  const auto size = first_of<fuse_getxattr_in>(body).size;
  if (size == 0) return reply_with(request, fuse_getxattr_out{static_cast<std::uint32_t>(whole.size()), 0});
  if (size < whole.size()) return reply(request, ERANGE);
  reply(request, whole);
}

void DiskSession::answer(const fuse_in_header& header, std::string_view body) {
  const Request request{header, body};
  switch (header.opcode) {
    case FUSE_INIT:
      return begin(request);
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT:
      return;
    case FUSE_STATFS: {
      fuse_statfs_out out{};
      out.st.blocks = out.st.bfree = out.st.bavail = out.st.files = out.st.ffree = 1U << 20U;
      out.st.bsize = out.st.frsize = kBlock;
      out.st.namelen = NAME_MAX;
      return reply_with(request, out);
    }
    case FUSE_LOOKUP: {
      const auto node = tree_.find(header.nodeid, name_of(body));
      return node ? reply_entry(request, *node) : reply(request, ENOENT);
    }
    case FUSE_GETATTR:
      return reply_attributes(request);
    case FUSE_SETATTR:
      return set_status(request);
    case FUSE_OPENDIR:
      return reply_with(request, fuse_open_out{});
    case FUSE_READDIR:
      return list(request);
    case FUSE_RELEASE:
    case FUSE_RELEASEDIR:
      return reply(request, 0);
    default:
      return answer_names(request);
  }
}

void DiskSession::begin(const Request& request) const {
  fuse_init_out out{};
  out.major = FUSE_KERNEL_VERSION;
  out.minor = 31;
  out.max_readahead = out.max_write = kMostWritten;
  out.max_pages = kMostWritten / kBlock;
  out.flags = FUSE_BIG_WRITES | FUSE_MAX_PAGES | FUSE_NO_OPEN_SUPPORT;
  out.time_gran = 1;
  reply_with(request, out);
}

Node DiskSession::make(const Request& request, mode_t mode, dev_t device, std::string_view leads_to) {
  const DiskTree::File& parent = tree_.at(request.header.nodeid);
  const bool inherits = (parent.status.st_mode & S_ISGID) != 0;
  if (inherits && S_ISDIR(mode)) mode |= S_ISGID;
  const Node node = tree_.next_node();
  change({.kind = Kind::Make,
          .node = node,
          .data = std::string{leads_to},
          .mode = mode,
          .owner = request.header.uid,
          .group = inherits ? parent.status.st_gid : request.header.gid,
          .device = device});
  return node;
}

void DiskSession::name_new(const Request& request, Node node, std::string_view name) {
  const Node directory = request.header.nodeid;
  change({.kind = Kind::Names, .node = directory, .places = {{directory, std::string{name}, node}}});
  reply_entry(request, node);
}

void DiskSession::answer_names(const Request& request) {
  std::string_view body = request.body;
  const Node directory = request.header.nodeid;
  const auto make_named = [&](const std::string& name, mode_t mode, dev_t device = 0, std::string_view leads_to = {}) {
    if (tree_.find(directory, name)) return reply(request, EEXIST);
    name_new(request, make(request, mode, device, leads_to), name);
  };
  switch (request.header.opcode) {
    case FUSE_MKDIR: {
      const auto in = first_of<fuse_mkdir_in>(body);
      return make_named(name_of(body), S_IFDIR | in.mode);
    }
    case FUSE_MKNOD: {
      const auto in = first_of<fuse_mknod_in>(body);
      return make_named(name_of(body), in.mode, in.rdev);
    }
    case FUSE_SYMLINK: {
      const std::string name = name_of(body);
      return make_named(name, S_IFLNK | 0777, 0, name_of(body));
    }
    case FUSE_LINK: {
      const auto in = first_of<fuse_link_in>(body);
      const std::string name = name_of(body);
      return tree_.find(directory, name) ? reply(request, EEXIST) : name_new(request, in.oldnodeid, name);
    }
    case FUSE_CREATE:
      return create(request, true);
    case FUSE_TMPFILE:
      return create(request, false);
    case FUSE_UNLINK:
      return remove(request, false);
    case FUSE_RMDIR:
      return remove(request, true);
    case FUSE_RENAME: {
      const auto in = first_of<fuse_rename_in>(body);
      return rename(request, in.newdir, 0, body);
    }
    case FUSE_RENAME2: {
      const auto in = first_of<fuse_rename2_in>(body);
      return rename(request, in.newdir, in.flags, body);
    }
    default:
      return answer_content(request);
  }
}

void DiskSession::create(const Request& request, bool named) {
  std::string_view body = request.body;
  const auto in = first_of<fuse_create_in>(body);
  const std::string name = name_of(body);
  const Node directory = request.header.nodeid;
  std::optional<Node> node = named ? tree_.find(directory, name) : std::nullopt;
  if (node && (in.flags & O_EXCL) != 0) return reply(request, EEXIST);
  if (!node) {
    node = make(request, in.mode);
    if (named) change({.kind = Kind::Names, .node = directory, .places = {{directory, name, *node}}});
  }
  struct {
    fuse_entry_out entry;
    fuse_open_out opened;
  } out{entry_of(tree_, *node), {}};
  out.opened.open_flags = FOPEN_KEEP_CACHE;
  reply_with(request, out);
}

void DiskSession::remove(const Request& request, bool directory) {
  std::string_view body = request.body;
  const std::string name = name_of(body);
  const Node parent = request.header.nodeid;
  const auto node = tree_.find(parent, name);
  if (!node) return reply(request, ENOENT);
  if (directory && !tree_.at(*node).names.empty()) return reply(request, ENOTEMPTY);
  change({.kind = Kind::Names, .node = parent, .places = {{parent, name, 0}}});
  reply(request, 0);
}

void DiskSession::rename(const Request& request, Node to, unsigned flags, std::string_view names) {
  const std::string name = name_of(names);
  const std::string other = name_of(names);
  const Node from = request.header.nodeid;
  const auto moved = tree_.find(from, name);
  const auto there = tree_.find(to, other);
  if (!moved || ((flags & RENAME_EXCHANGE) != 0 && !there)) return reply(request, ENOENT);
  if ((flags & RENAME_WHITEOUT) != 0) return reply(request, EINVAL);
  if ((flags & RENAME_NOREPLACE) != 0 && there) return reply(request, EEXIST);
  const bool exchanges = (flags & RENAME_EXCHANGE) != 0;
  if (there && !exchanges && !tree_.at(*there).names.empty()) return reply(request, ENOTEMPTY);
  if (moved != there) {
    change({.kind = Kind::Names, .node = from, .places = {{from, name, exchanges ? *there : 0}, {to, other, *moved}}});
  }
  reply(request, 0);
}

}  // namespace dunnage::test
