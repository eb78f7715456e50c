// SPDX-License-Identifier: Apache-2.0
// What is in files, and what is known about them. In the order of: content, owner, attributes of users, mode, other
// attributes, times; each of these undoes some of what comes later, or needs rights that are gone by then.
#include "image/failure.hpp"
#include "image/unpack/entry_name.hpp"
#include "image/unpack/tree_writer.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

namespace dunnage::image {
namespace {

constexpr mode_t kPermissions = 0777;
constexpr mode_t kPrivate = 0600;
// What the kernel's device numbers have room for.
constexpr std::uint64_t kMajors = std::uint64_t{1} << 12U;
constexpr std::uint64_t kMinors = std::uint64_t{1} << 20U;

void write_at(int file, std::string_view bytes, std::int64_t offset) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno != EINTR) {
      throw kernel::CallError{"write", errno};
    }
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
      offset += written;
    }
  }
}

mode_t type_of(Entry::Kind kind) {
  return kind == Entry::Kind::CharacterDevice ? S_IFCHR : kind == Entry::Kind::BlockDevice ? S_IFBLK : S_IFIFO;
}

}  // namespace

void TreeWriter::add_file(const Spot& spot, const Entry& entry, TarReader& content) {
  if (entry.size < 0 || static_cast<std::uint64_t>(entry.size) > limits_.file_bytes) {
    throw Fault{errc::limit_exceeded,
                fmt::format("\"{}\" has more than {} bytes", shown(entry.name), limits_.file_bytes),
                "raise ImageLimits::file_bytes if it can be trusted"};
  }
  kernel::FileDescriptor file;
  make_in_place(spot, "create file", [&] {
    file.reset(::openat(spot.directory(), spot.leaf.c_str(),
                        O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                        entry.attributes.empty() ? entry.mode & kPermissions : kPrivate));
    return static_cast<bool>(file);
  });
  write_content(file.get(), entry, content);
  finish_file(file.get(), spot, entry);
}

void TreeWriter::write_content(int file, const Entry& entry, TarReader& content) {
  std::int64_t end = 0;
  for (Extent extent; content.read(extent);) {
    const auto size = static_cast<std::int64_t>(extent.bytes.size());
    if (extent.offset < end || extent.offset > entry.size - size) {
      throw malformed(fmt::format("the content of \"{}\" is not in order", shown(entry.name)));
    }
    write_at(file, extent.bytes, extent.offset);
    end = extent.offset + size;
  }
  if (end < entry.size && ::ftruncate(file, entry.size) != 0) {
    throw kernel::CallError{"truncate", errno};
  }
}

void TreeWriter::finish_file(int file, const Spot& spot, const Entry& entry) {
  const Owner owner = owner_of(entry, identity_);
  const bool given = !identity_.rootless() && owner != own_;
  if (given && ::fchown(file, owner.uid, owner.gid) != 0) {
    throw kernel::CallError{"chown", errno};
  }
  const auto attributes = usable_attributes(entry);
  losses_.attributes += set_attributes(file, false, attributes, AttributeKind::User);
  const bool other_mode = (entry.mode & ~kPermissions) != 0 || mask_ == Mask::Host || !entry.attributes.empty();
  if (other_mode && ::fchmod(file, entry.mode) != 0) {
    throw kernel::CallError{"chmod", errno};
  }
  losses_.attributes += set_attributes(file, false, attributes, AttributeKind::AccessControl);
  const std::string capability = take_capability(file, entry);
  const std::array<std::timespec, 2> times{entry.modified, entry.modified};
  if (::futimens(file, times.data()) != 0) {
    throw kernel::CallError{"utimensat", errno};
  }
  if (identity_.rootless() && (owner != own_ || !capability.empty() || owners_.doubtful())) {
    const struct stat status = kernel::status_of(file);
    note_owner(spot, owner, entry.mode, status.st_ino, capability);
  }
}

void TreeWriter::add_node(const Spot& spot, const Entry& entry) {
  const bool device = entry.kind != Entry::Kind::Fifo;
  if (device && (entry.device_major >= kMajors || entry.device_minor >= kMinors)) {
    throw malformed(fmt::format("\"{}\" is device {}:{}, which cannot be", shown(entry.name), entry.device_major,
                                entry.device_minor));
  }
  if (device && identity_.rootless()) {
    ++losses_.devices;
    return;
  }
  const dev_t number =
      device ? ::makedev(static_cast<unsigned>(entry.device_major), static_cast<unsigned>(entry.device_minor))
             : dev_t{0};
  make_in_place(spot, "mknod", [&] {
    return ::mknodat(spot.directory(), spot.leaf.c_str(), type_of(entry.kind) | (entry.mode & kPermissions), number) ==
           0;
  });
  finish_node(spot, entry);
}

/// Of what cannot be opened, because opening it does something else.
void TreeWriter::finish_node(const Spot& spot, const Entry& entry) {
  const char* leaf = spot.leaf.c_str();
  const Owner owner = owner_of(entry, identity_);
  const bool link = entry.kind == Entry::Kind::SymbolicLink;
  if (!identity_.rootless() && owner != own_ &&
      ::fchownat(spot.directory(), leaf, owner.uid, owner.gid, AT_SYMLINK_NOFOLLOW) != 0) {
    throw kernel::CallError{"chown", errno};
  }
  if (!link) {
    const auto node = kernel::open_beneath(spot.directory(), leaf, O_PATH | O_NOFOLLOW);
    if (!node) {
      throw kernel::CallError{"open", errno};
    }
    if (const int number = kernel::set_mode(node.get(), entry.mode); number != 0) {
      throw kernel::CallError{"chmod", number};
    }
    const auto attributes = usable_attributes(entry);
    losses_.attributes += set_attributes(node.get(), true, attributes, AttributeKind::User);
    losses_.attributes += set_attributes(node.get(), true, attributes, AttributeKind::AccessControl);
  }
  const std::array<std::timespec, 2> times{entry.modified, entry.modified};
  if (::utimensat(spot.directory(), leaf, times.data(), AT_SYMLINK_NOFOLLOW) != 0) {
    throw kernel::CallError{"utimensat", errno};
  }
  if (identity_.rootless() && (owner != own_ || owners_.doubtful())) {
    struct stat status {};
    if (::fstatat(spot.directory(), leaf, &status, AT_SYMLINK_NOFOLLOW) != 0) {
      throw kernel::CallError{"stat", errno};
    }
    note_owner(spot, owner, link ? 0 : entry.mode, status.st_ino);
  }
}

void TreeWriter::note_owner(const Spot& spot, Owner owner, mode_t mode, ino_t inode, std::string_view capability) {
  if (identity_.privilege == launcher::Privilege::Single) {
    losses_.owners += owner != own_ ? 1 : 0;
    return;
  }
  owners_.add({.name = spot.name(), .owner = owner, .mode = mode, .inode = inode, .capability = capability});
}

/// \return the value of security.capability, if the launcher has to set it
std::string TreeWriter::take_capability(int file, const Entry& entry) {
  std::string value;
  for (const ExtendedAttribute& attribute : entry.attributes) {
    if (kind_of_attribute(attribute.name) != AttributeKind::Capability) {
      continue;
    }
    if (identity_.privilege == launcher::Privilege::Single) {
      ++losses_.attributes;
    } else if (identity_.privilege == launcher::Privilege::Range) {
      value = attribute.value;
    } else if (set_attribute(file, false, attribute) == SetResult::NotHere) {
      throw kernel::CallError{"setxattr", EOPNOTSUPP};
    }
  }
  return value;
}

/// Those of the kinds User and AccessControl. Counts the others, but for the capabilities of files.
std::vector<ExtendedAttribute> TreeWriter::usable_attributes(const Entry& entry) {
  std::vector<ExtendedAttribute> usable;
  for (const ExtendedAttribute& attribute : entry.attributes) {
    const AttributeKind kind = kind_of_attribute(attribute.name);
    std::optional<std::string> value;
    if (kind == AttributeKind::User) {
      value = attribute.value;
    } else if (kind == AttributeKind::AccessControl) {
      value = mapped_access_control(attribute.value, identity_);
    }
    if (value) {
      usable.push_back({attribute.name, std::move(*value)});
    }
    const bool later = kind == AttributeKind::Capability && entry.kind == Entry::Kind::File;
    losses_.attributes += !value && !later ? 1 : 0;
  }
  return usable;
}

}  // namespace dunnage::image
