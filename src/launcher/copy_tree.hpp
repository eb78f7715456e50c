// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Copying files with the launcher's rights, as they are: content, holes, hard links, owners, modes, times, access
/// lists, attributes of the user and capabilities; links, FIFOs and devices as such. No link is followed, and a source
/// that changes meanwhile leads nowhere else. By several threads, and by reflink where the file system can.

#include "launcher/work.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launcher {

struct TreeCopy {
  int from = -1;       ///< a directory, whose content is copied; with `name` anything, O_PATH will do
  int to = -1;         ///< an empty directory, which becomes as `from`; with `name` the one it is copied into
  std::string name{};  ///< what the copy of `from` is called in `to`
  /// The source is not `from` but this path in it: links are taken as in a container whose root `from` is, and lead
  /// nowhere else. The launcher may look where this process may not.
  std::string below{};
  std::string into{};   ///< the same for `to`
  bool follow = false;  ///< with `name` and `below`: if the last component is a link, what it leads to
  bool merge = false;   ///< into what is there: directories are one, anything else is replaced, but not by a directory
  bool keep = false;    ///< with `merge`: directories that are there keep owner, mode and times
  bool only_top = false;  ///< without `name`: what `to` itself shall have, and nothing that is in `from`
  bool mounts = false;    ///< what is mounted in it is copied too
  bool quiet = false;     ///< nobody changes `from` meanwhile, as with an image: files are opened at once then
  bool sync = false;      ///< it is on the disk when it is done; a failure is final
  std::optional<std::uint32_t> uid{};  ///< whom the copies belong to, by the launcher's ids; else as the originals
  std::optional<std::uint32_t> gid{};
  std::uint64_t most_entries = std::uint64_t{1} << 24U;
  std::uint64_t most_bytes = UINT64_MAX;
  std::string_view subject{};  ///< for the progress
  /// Locks that have to last as long as anybody writes, even if this process is killed meanwhile. Not owned.
  std::vector<int> locks{};
};

/// What was copied before a failure stays: copy into a staging directory what has to be there as a whole.
/// Throws: as run_work().
[[nodiscard]] WorkOutcome copy_tree(const Connection& connection, const TreeCopy& copy, const Watch& watch);

}  // namespace dunnage::launcher
