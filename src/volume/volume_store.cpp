// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_store.hpp>

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/create.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/listing.hpp"
#include "volume/reading.hpp"
#include "volume/removal.hpp"
#include "volume/renames.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"
#include "volume/users.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>

namespace dunnage {
namespace {

using volume::Layout;

/// Runs `work`, and turns a failed system call into the store's own error.
template <typename Work>
auto explained(const char* operation, const std::string& subject, Work&& work) {
  try {
    return work();
  } catch (const kernel::CallError& error) {
    throw volume::call_failure(operation, subject, error);
  }
}

/// Volumes that were taken out and whose absence is not on the disk yet: their names in the trash, and their own.
using TakenOut = std::vector<std::pair<std::string, std::string>>;

/// Takes a volume out, or says why not. One that somebody else removes at the same time is in neither list.
void prune_one(const Layout& layout, const VolumeInfo& info, int trash_fd, TakenOut& taken, PruneResult& result) {
  if (!info.driver_options.empty()) {  // what it shows is somebody's who said where; Docker keeps it as well
    result.kept.emplace_back(info.name, "it has options of its driver; remove it by its name");
    return;
  }
  if (info.anonymous && volume::container_exists(layout, info.owner)) {  // a stopped one still wants it
    result.kept.emplace_back(info.name, fmt::format("it belongs to container \"{}\"", info.owner));
    return;
  }
  try {
    taken.emplace_back(volume::take_out(layout, info.name, trash_fd), info.name);
    result.removed.push_back(info.name);
  } catch (const VolumeError& error) {
    if (error.code() == errc::volume_in_use) {
      const std::string users = volume::quoted_list(error.users());
      result.kept.emplace_back(info.name, users.empty() ? "it is in use" : "it is used by " + users);
    }
  } catch (const kernel::CallError& error) {
    result.kept.emplace_back(info.name, error.what());
  }
}

/// If it cannot be put back either, the caller knows of the failure.
void put_back(const Layout& layout, const std::string& trashed, const std::string& name, int trash_fd) noexcept {
  try {
    const volume::VolumeChange change{layout, name};
    (void)kernel::rename_exclusively(trash_fd, trashed, layout.volumes.get(), name);
  } catch (const std::exception&) {
  }
}

/// Makes sure that they stay away, with one sync for all of them, and deletes them. Throws: CallError, and they are
/// back.
void delete_taken(const Layout& layout, int trash_fd, TakenOut& taken) {
  try {
    // The name's absence is what is acknowledged; the trash itself may reappear or not after a crash.
    kernel::sync(layout.volumes.get());
  } catch (...) {
    for (const auto& [trashed, name] : taken) {
      put_back(layout, trashed, name, trash_fd);
    }
    throw;
  }
  for (const auto& [trashed, name] : taken) {
    volume::delete_from_trash(trash_fd, trashed);
  }
  taken.clear();
}

/// Decides about one volume. What cannot be looked at stays.
void look_and_prune(const Layout& layout, volume::VolumeReader& reader, const std::string& name, bool all,
                    const VolumeFilter& filter, int trash_fd, TakenOut& taken, PruneResult& result) {
  try {
    auto reading = reader.read(name);
    if (!reading.damage.empty()) {
      result.kept.emplace_back(name, "its metadata is damaged: " + reading.damage);
    } else if (reading.volume && (all || reading.volume->anonymous) &&
               volume::matches(layout, *reading.volume, filter)) {
      prune_one(layout, *reading.volume, trash_fd, taken, result);
    }
  } catch (const kernel::CallError& error) {
    result.kept.emplace_back(name, error.what());
  }
}

}  // namespace

void VolumeStore::State::distrust_index(const std::string& name) const noexcept {
  if (may_write) {
    volume::distrust_index(layout, name);
  }
}

VolumeStore::VolumeStore(std::shared_ptr<State> state) : state_{std::move(state)} {}

VolumeStore VolumeStore::open(const std::filesystem::path& root) {
  auto state = std::make_shared<State>(State{volume::open_layout(root), true});
  volume::settle_renames(state->layout);
  return VolumeStore{std::move(state)};
}

std::optional<VolumeStore> VolumeStoreAccess::open_existing(const std::filesystem::path& root) {
  auto layout = volume::open_existing_layout(root);
  if (!layout) {
    return std::nullopt;
  }
  return VolumeStore{std::make_shared<VolumeStore::State>(VolumeStore::State{std::move(*layout), false})};
}

const std::filesystem::path& VolumeStore::root() const noexcept { return state_->layout.path; }

Volume VolumeStore::create(const std::string& name, const VolumeOptions& options) {
  return VolumeAccess::make(volume::create(state_->layout, name, options));
}

Volume VolumeStore::create_anonymous(const std::string& owner, const VolumeOptions& options) {
  return VolumeAccess::make(volume::create_anonymous(state_->layout, owner, options));
}

std::optional<Volume> VolumeStore::find(const std::string& name) const {
  auto reading = explained("get volume", name, [&] { return volume::VolumeReader{state_->layout}.read(name); });
  if (!reading.damage.empty()) {
    state_->distrust_index(name);
    throw volume::damaged_failure(state_->layout, "get volume", name, reading);
  }
  if (!reading.volume) {
    return std::nullopt;
  }
  return VolumeAccess::make(std::move(*reading.volume), state_->volumes);
}

Volume VolumeStore::get(const std::string& name) const {
  if (auto found = find(name)) {
    return std::move(*found);
  }
  throw volume::missing_failure(
      "get volume", name, explained("get volume", name, [&] { return volume::names_to_suggest(state_->layout); }));
}

Volume VolumeStore::get_or_create(const std::string& name, const VolumeOptions& options) {
  // Between our look and our creation others may create it, and remove it again.
  constexpr int kAttempts = 16;
  for (int attempt = 1;; ++attempt) {
    if (auto found = find(name)) {
      return std::move(*found);
    }
    try {
      return create(name, options);
    } catch (const VolumeError& error) {
      if (error.code() != errc::volume_exists || attempt == kAttempts) {
        throw;
      }
    }
  }
}

std::vector<Volume> VolumeStore::list(const VolumeFilter& filter) const {
  return explained("list volumes of", root().string(),
                   [&] { return volume::list_volumes(state_->layout, filter, {.make_index = state_->may_write}); });
}

std::vector<Volume> VolumeStore::list(const VolumeFilter& filter, std::vector<std::string>& damaged) const {
  return explained("list volumes of", root().string(), [&] {
    std::vector<std::string> unreadable;
    auto volumes = volume::walk_volumes(state_->layout, filter, unreadable);
    std::for_each(unreadable.begin(), unreadable.end(), [&](const auto& name) { state_->distrust_index(name); });
    damaged = std::move(unreadable);
    return volumes;
  });
}

std::vector<std::string> VolumeStore::damaged() const {
  std::vector<std::string> damaged;
  (void)list({.labels = {{"", std::nullopt}}}, damaged);  // no label is called that, so no values are made
  return damaged;
}

std::vector<std::string> VolumeStore::users(const std::string& name) const {
  return explained("list users of volume", name, [&] {
    const auto directory = volume::open_volume_directory(state_->layout, name);
    if (!directory) {
      throw volume::missing_failure("list users of volume", name, volume::names_to_suggest(state_->layout));
    }
    return volume::names_of(volume::living_users(directory.get()));
  });
}

void VolumeStore::remove(const std::string& name) {
  const Layout& layout = state_->layout;
  explained("remove volume", name, [&] {
    const auto trash = layout.open_trash();
    TakenOut taken(1);  // nothing is allocated between taking it out and deleting it
    taken.front().second = name;
    taken.front().first = volume::take_out(layout, name, trash.get());
    delete_taken(layout, trash.get(), taken);
  });
}

PruneResult VolumeStore::prune(bool all, const VolumeFilter& filter) {
  const Layout& layout = state_->layout;
  // A directory that once held very many entries stays as large on most disks, and each opening reads the trash.
  constexpr std::size_t kMostInTrash = 1024;
  return explained("prune volumes of", root().string(), [&] {
    PruneResult result;
    const auto trash = layout.open_trash();
    TakenOut taken;
    volume::VolumeReader reader{layout};
    for (const std::string& name : volume::volume_names(layout)) {
      look_and_prune(layout, reader, name, all, filter, trash.get(), taken, result);
      if (taken.size() == kMostInTrash) {
        delete_taken(layout, trash.get(), taken);
      }
    }
    delete_taken(layout, trash.get(), taken);
    return result;
  });
}

}  // namespace dunnage
