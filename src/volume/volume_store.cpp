// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_store.hpp>

#include <dunnage/error.hpp>

#include "volume/clone.hpp"
#include "volume/create.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/listing.hpp"
#include "volume/prune.hpp"
#include "volume/reading.hpp"
#include "volume/removal.hpp"
#include "volume/renames.hpp"
#include "volume/retained.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"
#include "volume/users.hpp"
#include "volume/volume_access.hpp"
#include "volume/volume_store_access.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace dunnage {
namespace {

using volume::explained;
using volume::Layout;

void take_away(const Layout& layout, const std::string& name, const RemoveOptions& options) {
  explained("remove volume", name, [&] {
    volume::sweep_retained(layout);
    volume::Removing removing{layout, options};
    removing.take(name);
    removing.finish();
  });
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

Volume VolumeStore::create(const std::string& name, const VolumeOptions& options, const Watch& watch) {
  const auto content = volume::content_of_seed(state_->layout, name, options, watch);
  return VolumeAccess::make(volume::create(state_->layout, name, options, content, watch));
}

Volume VolumeStore::create_anonymous(const std::string& owner, const VolumeOptions& options) {
  const Watch watch;
  const auto content = volume::content_of_seed(state_->layout, "", options, watch);
  return VolumeAccess::make(volume::create_anonymous(state_->layout, owner, options, content));
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
    const auto directory = volume::require_volume_directory(state_->layout, "list users of volume", name);
    return volume::names_of(volume::living_users(directory.get()));
  });
}

void VolumeStore::remove(const std::string& name) { take_away(state_->layout, name, {}); }

void VolumeStore::remove(const std::string& name, const RemoveOptions& options) {
  take_away(state_->layout, name, options);
}

}  // namespace dunnage
