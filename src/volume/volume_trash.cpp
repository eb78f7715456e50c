// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_trash.hpp>

#include <dunnage/error.hpp>

#include "error/nearest.hpp"
#include "kernel/call_error.hpp"
#include "model/volume_name.hpp"
#include "volume/failure.hpp"
#include "volume/retained.hpp"
#include "volume/timestamp.hpp"
#include "volume/usage.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <chrono>
#include <span>
#include <utility>

namespace dunnage {
namespace {

constexpr const char* kListTrash = "list trash of";
constexpr const char* kRestore = "restore volume";
constexpr const char* kPurge = "purge volume";
constexpr const char* kMeasure = "measure volume in the trash";

VolumeError not_in_trash(const char* operation, const std::string& which, const std::vector<TrashEntry>& entries) {
  std::vector<std::string> names;
  for (const TrashEntry& entry : entries) {
    names.push_back(entry.name);
  }
  const auto near = error::nearest(which, std::span<const std::string>{names});
  return VolumeError{{.stage = Stage::Store,
                      .operation = operation,
                      .subject = which,
                      .detail = "",
                      .cause = "it is not in the trash",
                      .code = errc::volume_missing,
                      .remedy = near ? fmt::format("did you mean \"{}\"?", *near)
                                     : "look at what is there with trash().list() (volume trash ls)"}};
}

TrashEntry entry_of(const char* operation, const std::string& which, int retained) {
  const auto entries = retained >= 0 ? volume::retained_entries(retained) : std::vector<TrashEntry>{};
  auto found = std::find_if(entries.begin(), entries.end(), [&](const TrashEntry& entry) { return entry.id == which; });
  if (found == entries.end()) {
    found = std::find_if(entries.begin(), entries.end(), [&](const TrashEntry& entry) { return entry.name == which; });
  }
  if (found == entries.end()) {
    throw not_in_trash(operation, which, entries);
  }
  return *found;
}

/// Deletes those that `is_meant`. \return their names
template <typename IsMeant>
std::vector<std::string> purge_if(const volume::Layout& layout, IsMeant&& is_meant) {
  std::vector<std::string> purged;
  const auto retained = volume::open_retained(layout);
  if (!retained) {
    return purged;
  }
  for (const TrashEntry& entry : volume::retained_entries(retained.get())) {
    if (is_meant(entry) && volume::purge_retained(layout, retained.get(), volume::retained_name(entry))) {
      purged.push_back(entry.name);
    }
  }
  return purged;
}

}  // namespace

std::string to_json(const TrashEntry& entry) {
  const auto time = [](auto point) { return volume::format_time(point, volume::Precision::Seconds); };
  const nlohmann::ordered_json json{{"ID", entry.id},
                                    {"Name", entry.name},
                                    {"RemovedAt", time(entry.removed_at)},
                                    {"KeptUntil", time(entry.kept_until)}};
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

VolumeTrash::VolumeTrash(VolumeStore store) : store_{std::move(store)} {}

VolumeTrash VolumeStore::trash() const { return VolumeTrash{*this}; }

std::vector<TrashEntry> VolumeTrash::list() const {
  const volume::Layout& layout = VolumeStoreAccess::layout(store_);
  return volume::explained(kListTrash, store_.root().string(), [&] {
    const auto retained = volume::open_retained(layout);
    auto entries = retained ? volume::retained_entries(retained.get()) : std::vector<TrashEntry>{};
    std::erase_if(entries, [now = std::chrono::system_clock::now()](const TrashEntry& entry) {
      return entry.kept_until <= now;  // deleted by the next call that may write
    });
    return entries;
  });
}

VolumeUsage VolumeTrash::usage(const std::string& which, const UsageOptions& options) const {
  const volume::Layout& layout = VolumeStoreAccess::layout(store_);
  const volume::Deed deed{kMeasure, which};
  return volume::with_deed(deed, [&] {
    const auto retained = volume::open_retained(layout);
    const TrashEntry entry = entry_of(kMeasure, which, retained.get());
    auto usage = volume::usage_of_all(layout, deed, retained.get(), volume::retained_name(entry), options);
    if (!usage) {
      throw not_in_trash(kMeasure, which, volume::retained_entries(retained.get()));
    }
    return std::move(*usage);
  });
}

std::string VolumeTrash::restore(const std::string& which, const std::string& new_name) {
  const volume::Layout& layout = VolumeStoreAccess::layout(store_);
  if (!new_name.empty() && !model::is_valid_volume_name(new_name)) {
    throw volume::bad_name_failure(kRestore, new_name);
  }
  return volume::explained(kRestore, which, [&] {
    volume::sweep_retained(layout);
    const auto retained = volume::open_retained(layout);
    const TrashEntry entry = entry_of(kRestore, which, retained.get());
    std::string volume = new_name.empty() ? entry.name : new_name;
    volume::restore_retained(layout, retained.get(), entry, volume);
    return volume;
  });
}

void VolumeTrash::purge(const std::string& which) {
  const volume::Layout& layout = VolumeStoreAccess::layout(store_);
  volume::explained(kPurge, which, [&] {
    const auto retained = volume::open_retained(layout);
    const TrashEntry entry = entry_of(kPurge, which, retained.get());
    if (!volume::purge_retained(layout, retained.get(), volume::retained_name(entry))) {
      throw not_in_trash(kPurge, which, volume::retained_entries(retained.get()));
    }
    volume::sweep_retained(layout);
  });
}

std::vector<std::string> VolumeTrash::purge_older_than(std::chrono::milliseconds age) {
  return volume::explained(kPurge, store_.root().string(), [&] {
    const auto now = std::chrono::system_clock::now();
    return purge_if(VolumeStoreAccess::layout(store_), [&](const TrashEntry& entry) {
      return now - entry.removed_at >= volume::bounded(age) || entry.kept_until <= now;
    });
  });
}

std::size_t VolumeTrash::empty() {
  return volume::explained(kPurge, store_.root().string(), [&] {
    return purge_if(VolumeStoreAccess::layout(store_), [](const TrashEntry&) { return true; }).size();
  });
}

}  // namespace dunnage
