// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What was removed and is not deleted yet.

#include "launcher/identity.hpp"
#include "volume/layout.hpp"

#include <cstddef>
#include <functional>
#include <optional>
#include <string>

namespace dunnage::volume {

/// Deletes `name` in `trash_fd` with more rights than this process has, for example as root of the user namespace
/// whose ids own the files. What it leaves is tried again by a later sweep.
using RemoveTree = std::function<void(int trash_fd, const std::string& name)>;

/// Renames `name` in `directory` into the trash.
/// \return its name there; nothing if it was gone. Throws: CallError.
[[nodiscard]] std::optional<std::string> move_to_trash(int directory, const std::string& name, int trash_fd);

/// Deletes one entry. What this user has no right to delete is renamed to `<name>.kept`, for sweep_trash().
void delete_from_trash(int trash_fd, const std::string& name);

/// Moves `name` in `directory` into the trash, synced, and deletes it; where the sync fails it is put back.
/// \return whether it was there. Throws: CallError.
[[nodiscard]] bool throw_away(int directory, const std::string& name, int trash_fd);

/// Deletes what lies in the trash of a store. What needs more rights is given to `fallback`, or stays without one;
/// it costs nothing while it stays. Never throws for what cannot be deleted.
/// \return how many entries are left. Throws: CallError if the trash cannot be read.
std::size_t sweep_trash(int root_fd, const RemoveTree& fallback = {});

/// Has the root of this user's containers delete what belongs to ids of theirs. Nothing for users who have no such ids.
/// What stays, for whatever reason, is for a later sweep.
void sweep_trash_of_ids(int root_fd, const launcher::Identity& identity);

}  // namespace dunnage::volume
