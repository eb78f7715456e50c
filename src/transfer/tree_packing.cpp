// SPDX-License-Identifier: Apache-2.0
#include "transfer/tree_packing.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <limits>

namespace dunnage::transfer {
namespace {

/// What bounds a copy or an export is looked at by those who ask for it.
const ImageLimits& no_limits() {
  constexpr auto kNone = std::numeric_limits<std::uint64_t>::max();
  static const ImageLimits limits{.bytes = kNone, .file_bytes = kNone, .entries = kNone};
  return limits;
}

struct stat status_of(const launcher::PackRecord& record) {
  struct stat status {};
  status.st_mode = record.mode;
  status.st_uid = record.uid;
  status.st_gid = record.gid;
  status.st_nlink = record.links;
  status.st_size = static_cast<off_t>(record.size);
  status.st_blocks = static_cast<blkcnt_t>(record.blocks);
  status.st_mtim.tv_sec = record.seconds;
  status.st_mtim.tv_nsec = static_cast<long>(record.nanoseconds);
  status.st_rdev = ::makedev(record.device_major, record.device_minor);
  return status;
}

}  // namespace

TreePacking::TreePacking(image::Watching& watching, Write write, image::TarStyle style)
    : write_{std::move(write)}, writer_{no_limits(), watching, write_, style} {}

void TreePacking::add_empty(const std::string& name) {
  struct stat status {};
  status.st_mode = S_IFREG;
  status.st_nlink = 1;
  writer_.begin(name, status, -1);
  writer_.end();
}

std::string TreePacking::first_name(const launcher::PackedEntry& entry) const {
  const auto found = S_ISDIR(entry.record.mode) || entry.record.links < 2
                         ? links_.end()
                         : links_.find({entry.record.device, entry.record.inode});
  return found == links_.end() ? std::string{} : found->second;
}

void TreePacking::leave_out(const std::string& name, const launcher::PackedEntry& entry) {
  if (!S_ISDIR(entry.record.mode) && entry.record.links > 1) {
    links_.try_emplace({entry.record.device, entry.record.inode}, name);
  }
}

void TreePacking::add(const std::string& name, const launcher::PackedEntry& entry) {
  struct stat status = status_of(entry.record);
  const auto links = std::exchange(status.st_nlink, 1);  // one elsewhere says nothing about the tree
  writer_.begin(name, status, -1);
  for (const launcher::PackedAttribute& attribute : entry.attributes) {
    writer_.add_attribute(attribute.name.data(), attribute.value);
  }
  if (!S_ISDIR(status.st_mode) && links > 1) {
    const auto [known, first] = links_.try_emplace({entry.record.device, entry.record.inode}, name);
    if (!first) {
      writer_.end_as_link_to(known->second);
      return;
    }
  }
  if (S_ISLNK(status.st_mode)) {
    writer_.end_as_symbolic_link(entry.target);
  } else if (S_ISREG(status.st_mode)) {
    writer_.end_with_content(entry.file, status);
    bytes_ += entry.record.size;
  } else {
    writer_.end();
  }
}

}  // namespace dunnage::transfer
