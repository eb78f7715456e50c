// SPDX-License-Identifier: Apache-2.0
#include "transfer/earlier_tree.hpp"

#include "image/digest.hpp"
#include "image/failure.hpp"
#include "image/input.hpp"
#include "image/unpack/compression.hpp"
#include "image/unpack/entry_name.hpp"
#include "image/unpack/layer_stream.hpp"
#include "image/unpack/tar_reader.hpp"
#include "kernel/call_error.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>
#include <utility>

namespace dunnage::transfer {
namespace {

using image::Entry;

/// An export of ours is no stranger's.
const ImageLimits kOwnExports{.bytes = std::numeric_limits<std::uint64_t>::max(),
                              .file_bytes = std::numeric_limits<std::uint64_t>::max(),
                              .entries = std::numeric_limits<std::uint64_t>::max(),
                              .ratio = std::numeric_limits<std::uint64_t>::max(),
                              .depth = 4096};

void add_zeros(image::Sha256& sum, std::int64_t count) {
  static constexpr std::array<char, 65536> kNothing{};
  while (count > 0) {
    const auto part = static_cast<std::size_t>(std::min<std::int64_t>(count, kNothing.size()));
    sum.add(kNothing.data(), part);
    count -= static_cast<std::int64_t>(part);
  }
}

std::string digest_of_content(image::TarReader& reader, std::int64_t size) {
  image::Sha256 sum;
  std::int64_t at = 0;
  for (image::Extent extent; reader.read(extent);) {
    add_zeros(sum, extent.offset - at);
    sum.add(extent.bytes);
    at = extent.offset + static_cast<std::int64_t>(extent.bytes.size());
  }
  add_zeros(sum, size - at);
  return sum.digest();
}

std::string digest_of_file(int file, std::uint64_t size) {
  image::Sha256 sum;
  std::vector<char> buffer(std::size_t{256} << 10U);
  for (std::uint64_t at = 0; at < size;) {
    const auto want = static_cast<std::size_t>(std::min<std::uint64_t>(size - at, buffer.size()));
    const ssize_t got = ::pread(file, buffer.data(), want, static_cast<off_t>(at));
    if (got < 0 && errno != EINTR) {
      throw kernel::CallError{"read", errno};
    }
    if (got == 0) {
      return {};  // it became shorter
    }
    if (got > 0) {
      sum.add(buffer.data(), static_cast<std::size_t>(got));
      at += static_cast<std::uint64_t>(got);
    }
  }
  return sum.digest();
}

std::string joined_attributes(std::vector<std::pair<std::string, std::string>> attributes) {
  std::sort(attributes.begin(), attributes.end());
  std::string text;
  for (const auto& [name, value] : attributes) {
    text += fmt::format("{}={}:", name, value.size()) + value;
  }
  return text;
}

mode_t type_of_kind(Entry::Kind kind) {
  switch (kind) {
    case Entry::Kind::Directory:
      return S_IFDIR;
    case Entry::Kind::SymbolicLink:
      return S_IFLNK;
    case Entry::Kind::CharacterDevice:
      return S_IFCHR;
    case Entry::Kind::BlockDevice:
      return S_IFBLK;
    case Entry::Kind::Fifo:
      return S_IFIFO;
    case Entry::Kind::File:
      return S_IFREG;
    case Entry::Kind::HardLink:
      break;
  }
  return 0;
}

}  // namespace

std::string since_name(const std::string& tar_digest) { return std::string{kSince} + image::hex_of(tar_digest); }

EarlierTree::EarlierTree(const std::vector<std::filesystem::path>& archives, image::Watching& watching) {
  for (const std::filesystem::path& path : archives) {
    const kernel::FileDescriptor file = image::open_input(path);
    read(file.get(), !tar_digest_.empty(), watching);
  }
}

void EarlierTree::read(int archive, bool increment, image::Watching& watching) {
  image::LayerStream stream{archive, image::compression_of(archive), kOwnExports,
                            [&watching](std::uint64_t) { watching.check(); }};
  image::TarReader reader{stream};
  bool first = true;
  for (Entry entry; reader.next(entry); first = false) {
    const std::string name = image::checked_name(entry.name, kOwnExports);
    if (first && (increment ? name != since_name(tar_digest_) : name.starts_with(kSince))) {
      throw image::Fault{errc::invalid_argument, "the earlier exports do not go on top of each other",
                         "name the whole export first, and then its increments in their order"};
    }
    const auto role = increment ? image::role_of(name) : image::NameRole::Plain;
    const image::SplitName split = image::split_name(name);
    if (role == image::NameRole::Whiteout) {
      forget(image::join_name(split.directory, split.leaf.substr(image::kWhiteout.size())));
    }
    if (role != image::NameRole::Plain) {
      continue;
    }
    if (entry.kind != Entry::Kind::Directory) {
      forget(name);
    }
    std::vector<std::pair<std::string, std::string>> attributes;
    for (const image::ExtendedAttribute& attribute : entry.attributes) {
      attributes.emplace_back(attribute.name, attribute.value);
    }
    Known& known = known_[name];
    known = {.entry = entry, .attributes = joined_attributes(std::move(attributes)), .content = {}};
    if (entry.kind == Entry::Kind::File) {
      known.content = digest_of_content(reader, entry.size);
    }
  }
  reader.finish();
  tar_digest_ = stream.diff_id();
}

void EarlierTree::forget(const std::string& name) {
  known_.erase(name);
  const std::string inside = name + "/";
  for (auto found = known_.lower_bound(inside); found != known_.end() && found->first.starts_with(inside);) {
    found = known_.erase(found);
  }
}

bool EarlierTree::is_same(const Known& known, const launcher::PackedEntry& entry) {
  const launcher::PackRecord& record = entry.record;
  const Entry& before = known.entry;
  const mode_t type = record.mode & S_IFMT;
  std::vector<std::pair<std::string, std::string>> attributes;
  for (const launcher::PackedAttribute& attribute : entry.attributes) {
    attributes.emplace_back(attribute.name, attribute.value);
  }
  if (type_of_kind(before.kind) != type || before.uid != record.uid || before.gid != record.gid ||
      before.modified.tv_sec != record.seconds || before.modified.tv_nsec != static_cast<long>(record.nanoseconds) ||
      (type != S_IFLNK && before.mode != (record.mode & 07777U)) || before.target != entry.target ||
      known.attributes != joined_attributes(std::move(attributes))) {
    return false;
  }
  if (type == S_IFCHR || type == S_IFBLK) {
    return before.device_major == record.device_major && before.device_minor == record.device_minor;
  }
  return type != S_IFREG || (static_cast<std::uint64_t>(before.size) == record.size &&
                             known.content == digest_of_file(entry.file, record.size));
}

bool EarlierTree::has(const launcher::PackedEntry& entry, const std::string& first) {
  if (image::split_name(entry.path).leaf.starts_with(image::kWhiteout)) {
    throw image::Fault{errc::not_supported,
                       fmt::format("\"{}\" has a name that means a deletion in an increment", image::shown(entry.path)),
                       "make a whole export"};
  }
  if (S_ISDIR(entry.record.mode)) {
    directories_.insert(entry.path);
  }
  const auto found = known_.find(entry.path);
  bool same = false;
  if (found != known_.end()) {
    found->second.seen = true;
    same = first.empty() ? is_same(found->second, entry)
                         : found->second.entry.kind == Entry::Kind::HardLink && !changed_.contains(first) &&
                               image::checked_name(found->second.entry.target, kOwnExports) == first;
  }
  if (!same && first.empty() && entry.record.links > 1) {
    changed_.insert(entry.path);  // its other names are of another file now
  }
  return same;
}

std::vector<std::string> EarlierTree::whiteouts() const {
  std::vector<std::string> names;
  for (const auto& [name, known] : known_) {
    const image::SplitName split = image::split_name(name);
    // what a directory held that is gone, or is none any more, went with it
    if (!known.seen && directories_.contains(std::string{split.directory})) {
      names.push_back(image::join_name(split.directory, std::string{image::kWhiteout} + std::string{split.leaf}));
    }
  }
  return names;
}

}  // namespace dunnage::transfer
