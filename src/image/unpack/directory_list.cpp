// SPDX-License-Identifier: Apache-2.0
#include "image/unpack/directory_list.hpp"

#include "image/failure.hpp"
#include "image/unpack/lower_directory.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace dunnage::image {
namespace {

constexpr std::size_t kMostBytesOfDirectories = std::size_t{96} << 20U;

/// \return ids inside; those that this user has not got are those of root
Owner owner_inside(const struct stat& status, const launcher::Identity& identity) {
  if (!identity.rootless()) {
    return {status.st_uid, status.st_gid};
  }
  return {inside_of(identity.users, status.st_uid).value_or(0), inside_of(identity.groups, status.st_gid).value_or(0)};
}

/// An implied directory becomes like the one it hides.
void follow(Directory& directory, int lower, const launcher::Identity& identity) {
  const struct stat status = kernel::status_of(lower);
  directory.mode = status.st_mode & 07777U;
  directory.owner = owner_inside(status, identity);
  directory.modified = status.st_mtim;
  directory.attributes = attributes_of(lower);
}

std::uint64_t give(int fd, const Directory& directory, const launcher::Identity& identity) {
  const struct stat status = kernel::status_of(fd);
  const Owner owner = directory.owner;
  if (!identity.rootless() && Owner{status.st_uid, status.st_gid} != owner && ::fchown(fd, owner.uid, owner.gid) != 0) {
    throw kernel::CallError{"chown", errno};
  }
  std::uint64_t missing = set_attributes(fd, false, directory.attributes, AttributeKind::User);
  if ((status.st_mode & 07777U) != directory.mode && ::fchmod(fd, directory.mode) != 0) {
    throw kernel::CallError{"chmod", errno};
  }
  missing += set_attributes(fd, false, directory.attributes, AttributeKind::AccessControl);
  const std::array<std::timespec, 2> times{directory.modified, directory.modified};
  if (::futimens(fd, times.data()) != 0) {
    throw kernel::CallError{"utimensat", errno};
  }
  return missing;
}

}  // namespace

void DirectoryList::add(Directory directory) {
  size_ += sizeof directory + directory.name.size();
  for (const ExtendedAttribute& attribute : directory.attributes) {
    size_ += sizeof attribute + attribute.name.size() + attribute.value.size();
  }
  if (size_ > kMostBytesOfDirectories) {
    throw Fault{errc::limit_exceeded, "it has too many directories", "make the image with smaller layers"};
  }
  directories_.push_back(std::move(directory));
}

/// What came last of a directory counts.
void DirectoryList::keep_last() {
  std::stable_sort(directories_.begin(), directories_.end(),
                   [](const Directory& one, const Directory& other) { return one.name < other.name; });
  std::size_t kept = 0;
  for (std::size_t index = 0; index < directories_.size(); ++index) {
    if (index + 1 < directories_.size() && directories_[index + 1].name == directories_[index].name) {
      continue;
    }
    if (kept != index) {
      directories_[kept] = std::move(directories_[index]);
    }
    ++kept;
  }
  directories_.resize(kept);
}

std::uint64_t DirectoryList::settle(int tree, std::span<const int> lowers, const launcher::Identity& identity,
                                    OwnershipList& owners) {
  keep_last();
  for (Directory& directory : directories_) {
    if (directory.implied && !lowers.empty()) {
      if (const auto lower = find_lower_directory(tree, lowers, directory.name, identity)) {
        follow(directory, lower.get(), identity);
      }
    }
  }
  std::uint64_t missing = 0;
  // Names sort a directory before what is in it; backwards, nothing is locked before it is reached.
  for (auto directory = directories_.rbegin(); directory != directories_.rend(); ++directory) {
    const char* name = directory->name.empty() ? "." : directory->name.c_str();
    const auto open = kernel::open_beneath(tree, name, O_RDONLY | O_DIRECTORY);
    if (!open) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) {
        continue;  // something else took its place
      }
      throw kernel::CallError{"open directory", errno};
    }
    missing += give(open.get(), *directory, identity);
    if (identity.privilege == launcher::Privilege::Range && directory->owner != Owner{}) {
      const struct stat status = kernel::status_of(open.get());
      owners.add({.name = directory->name, .owner = directory->owner, .mode = directory->mode, .inode = status.st_ino});
    }
  }
  return missing;
}

const char* opaque_attribute(const launcher::Identity& identity) noexcept {
  return identity.rootless() ? "user.overlay.opaque" : "trusted.overlay.opaque";
}

bool is_opaque(int directory, const launcher::Identity& identity) {
  char value = 0;
  const ssize_t size = ::fgetxattr(directory, opaque_attribute(identity), &value, 1);
  if (size < 0 && errno != ENODATA && errno != EOPNOTSUPP) {
    throw kernel::CallError{"getxattr", errno};
  }
  return size == 1 && value == 'y';
}

}  // namespace dunnage::image
