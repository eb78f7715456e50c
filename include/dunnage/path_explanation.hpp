// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A path of a container, explained: which mount serves it, from where, whose it is inside and on disk, what the mount
/// hides, what a user may do there, why not, and what would change that.
///
///     std::cout << container.explain("/data/report", {.user = "1000"}) << '\n';     // or ContainerStore::explain()
///     std::cout << mounts.resolve().explain("/data/report") << '\n';                // before there is a container

#include <dunnage/export.hpp>
#include <dunnage/ownership.hpp>

#include <cstdint>
#include <iosfwd>
#include <optional>
#include <string>
#include <vector>

namespace dunnage {

/// For whom.
struct ExplainOptions {
  /// `user[:group]`, each a name of the container's passwd/group or a number. Empty: the container's own user; of a
  /// plan: nobody is asked about. A plan knows numbers only.
  std::string user{};
};

/// Whose something is, and its mode (the lower 12 bits).
struct FileOwner {
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  unsigned mode = 0;
  friend bool operator==(const FileOwner&, const FileOwner&) = default;
};

/// What a user may do with the path. Of a path that is missing: with the directory it would be made in.
struct PathAccess {
  bool read = false;
  bool write = false;    ///< of a directory: make and remove entries in it
  bool execute = false;  ///< of a directory: reach what is in it
  friend bool operator==(const PathAccess&, const PathAccess&) = default;
};

/// A value. What nobody could find out is empty. Thread safety: as a std::vector.
struct DUNNAGE_API PathExplanation {
  enum class Presence {
    Unknown,  ///< a plan looks at nothing
    Missing,  ///< nothing is there
    There,
  };

  std::string path;  ///< as asked for, without "." and ".."
  Presence presence = Presence::Unknown;
  std::string kind{};      ///< "directory", "file", "link", "FIFO", "socket", "device"; of what exists of the path
  std::string leads_to{};  ///< with links followed, as the container has it: `path`, or the part of it that exists

  std::string mount{};                       ///< where the mount that serves it begins; "/" for the root
  std::string mount_in_words{};              ///< as ResolvedMount::to_string() has it; empty if it is none of the plan
  std::string place{};                       ///< where its content lives, in a sentence
  std::string source{};                      ///< the same on the host; empty if it is no path there
  std::string file_system{};                 ///< its type: "ext4", "overlay", "tmpfs"
  std::vector<std::string> mount_options{};  ///< as the kernel has them: "ro", "nosuid"
  std::vector<std::string> file_system_options{};  ///< of the file system, for all its mounts
  bool id_mapped = false;                          ///< the mount shows other owners than there are on disk
  std::vector<IdRange> users{};  ///< of the container's user namespace, to ids of the host; empty: all as they are
  std::vector<IdRange> groups{};
  std::vector<std::string> reasons{};       ///< why the plan has the mount as it is, in sentences
  std::vector<std::string> hides{};         ///< what the mount covers, in sentences
  std::vector<std::string> mounts_below{};  ///< where other mounts begin below the path

  std::optional<FileOwner> inside{};   ///< as the container sees it
  std::optional<FileOwner> on_disk{};  ///< as the host sees it

  std::string user{};                     ///< who was asked about, `uid:gid` in numbers; empty: nobody
  std::optional<PathAccess> by_rules{};   ///< what modes, owners and mount options come to
  std::optional<PathAccess> by_kernel{};  ///< what the kernel answered when it was asked as this user
  std::vector<std::string> obstacles{};   ///< what stands in the user's way, in sentences
  std::vector<std::string> remedies{};    ///< what would change that: options of this library, or of the host
  std::vector<std::string> notes{};       ///< what could not be found out and why; where rules and kernel differ

  /// The kernel's word, or what the rules say where it was not asked.
  [[nodiscard]] std::optional<PathAccess> access() const { return by_kernel ? by_kernel : by_rules; }

  /// Sentences, a line each.
  [[nodiscard]] std::string to_string() const;
  [[nodiscard]] std::string to_json() const;

  friend bool operator==(const PathExplanation&, const PathExplanation&) = default;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const PathExplanation& explanation);

}  // namespace dunnage
