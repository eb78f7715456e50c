// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/tree_owner.hpp"

#include "image/failure.hpp"
#include "image/unpack/attributes.hpp"
#include "image/unpack/entry_name.hpp"
#include "kernel/call_error.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/connection.hpp"
#include "launcher/own_list.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <limits>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostBytesOfOwners = std::size_t{96} << 20U;
constexpr mode_t kClearedByChown = S_ISUID | S_ISGID;

std::uint32_t checked_id(std::int64_t id, const Entry& entry) {
  if (id < 0 || id >= std::numeric_limits<std::uint32_t>::max()) {
    throw malformed(fmt::format("\"{}\" belongs to {}:{}, which are no ids", shown(entry.name), entry.uid, entry.gid));
  }
  return static_cast<std::uint32_t>(id);
}

bool is_at(int tree, std::string_view name, ino_t inode) {
  const auto found = kernel::open_beneath(tree, std::string{name}, O_PATH | O_NOFOLLOW);
  struct stat status {};
  return found && ::fstat(found.get(), &status) == 0 && status.st_ino == inode;
}

}  // namespace

Owner owner_of(const Entry& entry, const launcher::Identity& identity) {
  const Owner owner{checked_id(entry.uid, entry), checked_id(entry.gid, entry)};
  if (identity.privilege == launcher::Privilege::Range &&
      (!outside_of(identity.users, owner.uid) || !outside_of(identity.groups, owner.gid))) {
    throw Fault{errc::not_supported,
                fmt::format("\"{}\" belongs to {}:{}, and this user has not that many ids", shown(entry.name),
                            owner.uid, owner.gid),
                "give the user more in /etc/subuid and /etc/subgid, or run as root"};
  }
  return owner;
}

void OwnershipList::check_size(std::size_t more) {
  size_ += more;
  if (size_ > kMostBytesOfOwners) {
    throw Fault{errc::limit_exceeded, "it has more files of other owners than an ordinary user can unpack",
                "unpack it as root, or make it with smaller layers"};
  }
}

void OwnershipList::add(const Item& item) {
  Record record;
  record.owner = item.owner;
  record.mode = item.mode;
  record.name_size = static_cast<std::uint32_t>(item.name.size());
  record.capability_size = static_cast<std::uint32_t>(item.capability.size());
  record.inode = item.inode;
  check_size(sizeof record + item.name.size() + item.capability.size());
  records_.append(reinterpret_cast<const char*>(&record), sizeof record);
  records_.append(item.name).append(item.capability);
}

void OwnershipList::add_link(std::string_view name, ino_t inode) {
  constexpr std::size_t kNode = 96;
  check_size(kNode + name.size());
  links_.emplace(inode, name);
}

/// \return empty if it has gone
std::string_view OwnershipList::living_name(const Item& item, int tree) const {
  if (is_at(tree, item.name, item.inode)) {
    return item.name;
  }
  const auto [begin, end] = links_.equal_range(item.inode);
  for (auto link = begin; link != end; ++link) {
    if (is_at(tree, link->second, item.inode)) {
      return link->second;
    }
  }
  return {};
}

void OwnershipList::apply(const launcher::Identity& identity, int tree, const Watch& watch) const {
  if (records_.empty()) {
    return;
  }
  launcher::OwnList list;
  for (std::string_view left = records_; !left.empty();) {
    Record record;
    std::memcpy(&record, left.data(), sizeof record);
    left.remove_prefix(sizeof record);
    Item item{
        .name = left.substr(0, record.name_size), .owner = record.owner, .mode = record.mode, .inode = record.inode};
    left.remove_prefix(record.name_size);
    item.capability = left.substr(0, record.capability_size);
    left.remove_prefix(record.capability_size);
    const std::string_view name = doubtful_ && !item.name.empty() ? living_name(item, tree) : item.name;
    if (doubtful_ && name.empty() && !item.name.empty()) {
      continue;
    }
    launcher::Owning owning{.uid = item.owner.uid, .gid = item.owner.gid, .capability = item.capability};
    if ((item.mode & kClearedByChown) != 0) {
      owning.mode = item.mode;
    }
    list.add(name.empty() ? "." : name, owning);
  }
  const auto outcome = list.apply(*launcher::Connection::get(identity), tree, {{}, watch.stop, watch.deadline});
  if (outcome.done()) {
    return;
  }
  if (outcome.end == launcher::WorkOutcome::End::Failed) {
    throw kernel::CallError{"give files their owners", outcome.failure.error};
  }
  throw Fault{static_cast<errc>(outcome.code().value()), "while files were given their owners",
              "nothing was changed; start it again"};
}

}  // namespace dunnage::image
