// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Looking at a path, and moving an entry, with the launcher's rights: files of a container may belong to ids whose
/// directories an ordinary user cannot enter.

#include "launcher/work.hpp"

#include <optional>
#include <string>

namespace dunnage::launcher {

enum class Follow { No, Yes };

/// What is at a path.
struct Look {
  LookReport report{};
  std::string target{};  ///< of a symbolic link
};

/// Looks at `path` in `root`, links being taken as in a container that has this root.
/// \param found is filled when the outcome is done; ENOENT and ENOTDIR say that nothing is there. Throws: as
/// run_work().
[[nodiscard]] WorkOutcome look_at(const Connection& connection, int root, const std::string& path, Follow follow,
                                  Look& found, const Watch& watch);

/// rename(2): a directory takes the place of an empty one, or of nothing, in one step; ENOTEMPTY or EEXIST if there is
/// something in it. \param below where in `to`, which it never leaves; empty: `to` itself. Throws: as run_work().
[[nodiscard]] WorkOutcome move_entry(const Connection& connection, int from, const std::string& name, int to,
                                     const std::string& below, const std::string& new_name, const Watch& watch);

/// Two entries change places, at one instant, even if they belong to other ids. Throws: as run_work().
[[nodiscard]] WorkOutcome exchange_entries(const Connection& connection, int one, const std::string& name, int other,
                                           const std::string& other_name, const Watch& watch);

/// Moves all that is in the directory `name` into the one it is in. What has the name of an entry that is there already
/// stays where it is. Throws: as run_work().
[[nodiscard]] WorkOutcome spill_directory(const Connection& connection, int directory, const std::string& name,
                                          const Watch& watch);

}  // namespace dunnage::launcher
