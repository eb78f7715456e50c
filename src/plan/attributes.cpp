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

std::string source_of(const ResolvedMount& mount) {
  switch (mount.kind) {
    case MountKind::Tmpfs:
      return "memory";
    case MountKind::Volume:
      return mount.volume.empty() ? "a new anonymous volume"
                                  : fmt::format("\"{}\" (\"{}\")", mount.volume, mount.source.string());
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
  words.push_back(access_of(mount));
  append_flags(mount, words);
  if (mount.kind == MountKind::Bind) {
    words.emplace_back(to_string(mount.propagation));
    if (!mount.recursive) {
      words.emplace_back("without the mounts below");
    }
  }
  if (mount.no_copy) {
    words.emplace_back("nocopy");
  }
  if (mount.kind == MountKind::Tmpfs) {
    append_tmpfs(mount, words);
  }
  return fmt::format("{}", fmt::join(words, ", "));
}

}  // namespace dunnage::plan
