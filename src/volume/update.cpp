// SPDX-License-Identifier: Apache-2.0
#include "volume/update.hpp"

#include <dunnage/error.hpp>

#include "volume/create.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/kept_volume.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"

#include <cerrno>
#include <map>
#include <optional>
#include <utility>

namespace dunnage::volume {
namespace {

VolumeError changes_failure(const std::string& name, std::string cause, std::string remedy) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = kUpdateVolume,
                      .subject = name,
                      .detail = "",
                      .cause = std::move(cause),
                      .code = errc::invalid_argument,
                      .remedy = std::move(remedy)}};
}

void add_pairs(std::vector<VolumeDifference>& differences, const std::string& what,
               const std::map<std::string, std::string>& before, const std::map<std::string, std::string>& after) {
  std::map<std::string, VolumeDifference> all;
  for (const auto& [key, value] : before) {
    all[key].before = value;
  }
  for (const auto& [key, value] : after) {
    all[key].after = value;
  }
  for (auto& [key, difference] : all) {
    if (difference.before != difference.after) {
      difference.what = what + " " + key;
      differences.push_back(std::move(difference));
    }
  }
}

}  // namespace

VolumeInfo changed(const VolumeInfo& before, const VolumeChanges& changes) {
  VolumeInfo after = before;
  for (const std::string& key : changes.remove_labels) {
    if (changes.labels.contains(key)) {
      throw changes_failure(before.name, "label \"" + key + "\" is to be set and to be removed",
                            "ask for one of the two");
    }
    after.labels.erase(key);
  }
  for (const auto& [key, value] : changes.labels) {
    after.labels.insert_or_assign(key, value);
  }
  if (after.labels.contains(kAnonymousLabel) != before.labels.contains(kAnonymousLabel)) {
    throw changes_failure(before.name, std::string{"label \""} + kAnonymousLabel + "\" says how it was made",
                          "leave that label alone");
  }
  if (changes.driver_options && *changes.driver_options != before.driver_options) {
    after.driver_options = *changes.driver_options;
    check_driver(kUpdateVolume, before.name, {.driver = before.driver, .driver_options = after.driver_options});
  }
  after.is_protected = changes.protect.value_or(before.is_protected);
  after.access = changes.access.value_or(before.access);
  if (after.is_protected && after.anonymous) {
    throw anonymous_protection_failure(kUpdateVolume, before.name);
  }
  return after;
}

std::vector<VolumeDifference> differences_of(const VolumeInfo& before, const VolumeInfo& after) {
  std::vector<VolumeDifference> differences;
  add_pairs(differences, "label", before.labels, after.labels);
  add_pairs(differences, "option", before.driver_options, after.driver_options);
  if (before.is_protected != after.is_protected) {
    const auto word = [](bool on) { return std::string{on ? "yes" : "no"}; };
    differences.push_back(
        {.what = "protected", .before = word(before.is_protected), .after = word(after.is_protected)});
  }
  if (before.access != after.access) {
    differences.push_back({.what = "access",
                           .before = std::string{to_string(before.access)},
                           .after = std::string{to_string(after.access)}});
  }
  return differences;
}

bool needs_no_users(const VolumeInfo& before, const VolumeInfo& after) {
  return before.driver_options != after.driver_options || before.access != after.access;
}

namespace {

using Agree = std::function<void(const VolumeInfo&)>;

/// \return nothing if it has to be done `alone`
std::optional<VolumeInfo> try_update(const Layout& layout, const std::string& name, const VolumeChanges& changes,
                                     const Agree& agree, bool alone) {
  const KeptVolume volume{layout, kUpdateVolume, name, alone ? KeptVolume::Beside::Nobody : KeptVolume::Beside::Users};
  const MetadataLock lock{volume.directory()};
  const ReadMetadata read = read_metadata(layout, kUpdateVolume, name, volume.directory());
  if (agree) {
    agree(read.info);
  }
  VolumeInfo after = changed(read.info, changes);
  if (after == read.info) {
    return after;
  }
  if (!alone && needs_no_users(read.info, after)) {
    return std::nullopt;
  }
  const std::string text = metadata_or_refusal(kUpdateVolume, name, encode_changed_metadata(read.text, after));
  const NewMetadata metadata{layout, text};
  lock.note_change();
  const VolumeChange change{layout, name};
  metadata.put(volume.directory());
  return after;
}

}  // namespace

VolumeInfo update(const Layout& layout, const std::string& name, const VolumeChanges& changes,
                  const std::function<void(const VolumeInfo&)>& agree) {
  if (auto info = try_update(layout, name, changes, agree, false)) {
    return std::move(*info);
  }
  return try_update(layout, name, changes, agree, true).value();
}

}  // namespace dunnage::volume
