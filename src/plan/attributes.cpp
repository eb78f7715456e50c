// SPDX-License-Identifier: Apache-2.0
#include "plan/attributes.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::plan {
namespace {

void append_options(const ResolvedMount& mount, std::vector<std::string>& words) {
  if (mount.owner.kind() != Ownership::Kind::AsIs) {
    words.push_back("owner " + to_string(mount.owner));
  }
  if (mount.chown) {
    words.emplace_back("chown");
  }
  if (mount.relabel != Relabel::None) {
    words.push_back(fmt::format("{} label", to_string(mount.relabel)));
  }
  if (!mount.exclude.empty()) {
    words.push_back(fmt::format("without {}", fmt::join(mount.exclude, " ")));
  }
  if (mount.overlay) {
    words.emplace_back("overlay");
  }
}

std::string access_of(const ResolvedMount& mount) {
  if (!mount.read_only) {
    return "read-write";
  }
  if (mount.kind != MountKind::Bind || !mount.recursive) {
    return "read-only";
  }
  return mount.recursive_read_only ? "read-only with the mounts below" : "read-only but not the mounts below";
}

void append_flags(const ResolvedMount& mount, std::vector<std::string>& words) {
  words.emplace_back(mount.suid ? "suid" : "nosuid");
  words.emplace_back(mount.dev ? "dev" : "nodev");
  if (!mount.exec) {
    words.emplace_back("noexec");
  }
}

void append_tmpfs(const ResolvedMount& mount, std::vector<std::string>& words) {
  words.push_back("size " + size_in_words(mount.size));
  words.push_back(fmt::format("mode {:04o}", mount.mode));
  if (mount.uid) {
    words.push_back(fmt::format("uid {}", *mount.uid));
  }
  if (mount.gid) {
    words.push_back(fmt::format("gid {}", *mount.gid));
  }
  if (mount.nr_inodes) {
    words.push_back(fmt::format("at most {} files", *mount.nr_inodes));
  }
  if (mount.no_swap) {
    words.emplace_back("not swapped");
  }
}

}  // namespace

std::string size_in_words(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 4> kUnits{"bytes", "KiB", "MiB", "GiB"};
  std::size_t unit = 0;
  while (unit + 1 < kUnits.size() && bytes != 0 && bytes % 1024 == 0) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{} {}", bytes, kUnits.at(unit));
}

namespace {

std::string part_of(const ResolvedMount& mount) {
  return mount.subpath.empty() ? "" : fmt::format(", \"{}\" in it", mount.subpath);
}

/// Docker's twelve digits of an id.
std::string short_id(const std::string& id) {
  constexpr std::size_t kDigits = 12;
  return id.substr(id.find(':') + 1, kDigits);  // npos + 1 is 0
}

}  // namespace

std::string source_of(const ResolvedMount& mount) {
  switch (mount.kind) {
    case MountKind::Tmpfs:
      return "memory";
    case MountKind::Volume:
      return mount.volume.empty()
                 ? "a new anonymous volume"
                 : fmt::format("\"{}\" (\"{}\"){}", mount.volume, mount.source.string(), part_of(mount));
    case MountKind::Image:
      return fmt::format("\"{}\" ({}){}", mount.image, short_id(mount.image_id), part_of(mount));
    case MountKind::Bind:
      break;
  }
  return fmt::format("\"{}\"", mount.source.string());
}

std::string attributes_of(const ResolvedMount& mount) {
  std::vector<std::string> words;
  if (mount.kind == MountKind::Bind) {
    words.emplace_back(mount.create_source                      ? "directory to be created"
                       : mount.file_kind == FileKind::Directory ? "directory"
                                                                : "file");
  }
  if (mount.create_volume && !mount.volume.empty()) {
    words.emplace_back("to be created");
  }
  if (mount.left_out) {
    return "left out";
  }
  words.push_back(access_of(mount));
  append_flags(mount, words);
  if (mount.kind == MountKind::Bind) {
    words.emplace_back(to_string(mount.propagation));
    if (!mount.recursive) {
      words.emplace_back("without the mounts below");
    }
  }
  if (mount.access != AccessMode::Shared) {
    words.emplace_back(to_string(mount.access));
  }
  if (mount.no_copy) {
    words.emplace_back("nocopy");
  }
  append_options(mount, words);
  if (mount.kind == MountKind::Tmpfs) {
    append_tmpfs(mount, words);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace dunnage::plan
