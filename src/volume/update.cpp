// SPDX-License-Identifier: Apache-2.0
#include "volume/update.hpp"

#include <dunnage/error.hpp>

#include "kernel/open_beneath.hpp"
#include "volume/create.hpp"
#include "volume/data_image.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/kept_volume.hpp"
#include "volume/limit_change.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limited_data.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <optional>
#include <string>
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
  take_limit_change({kUpdateVolume, before.name}, before, changes, after);
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
  const auto add_number = [&](const char* what, std::uint64_t was, std::uint64_t is) {
    if (was != is) {
      differences.push_back({.what = what, .before = std::to_string(was), .after = std::to_string(is)});
    }
  };
  add_number("size", before.limit.size, after.limit.size);
  add_number("inodes", before.limit.inodes, after.limit.inodes);
  return differences;
}

bool needs_no_users(const VolumeInfo& before, const VolumeInfo& after) {
  return before.driver_options != after.driver_options || before.access != after.access ||
         limit_needs_no_users(before, after);
}

namespace {

/// What a change of metadata means for the data.
class LimitChange {
 public:
  LimitChange(const Layout& layout, int directory, const VolumeInfo& before, const VolumeInfo& after, bool asked)
      : layout_{layout}, directory_{directory}, before_{before}, after_{after} {
    is_needed_ = is_in_store(after.limit_way) && (before.limit != after.limit || (asked && is_half_done()));
  }
  [[nodiscard]] bool is_needed() const noexcept { return is_needed_; }
  [[nodiscard]] bool needs_no_users() const noexcept {
    return is_needed_ && is_image(after_.limit_way) && !grows_while_mounted(after_.limit_way);
  }
  void make() const { change_to(after_.limit); }

  /// The smaller limit is there as long as the other is, so that never more is allowed than the metadata says.
  /// \param swap  changes the metadata; done once more it takes that back
  template <typename Swap>
  void around(Swap&& swap) const {
    if (!is_needed_) {
      swap();
      return;
    }
    const bool shrinks = after_.limit.size < before_.limit.size;
    shrinks ? make() : swap();
    try {
      shrinks ? swap() : make();
    } catch (...) {
      shrinks ? change_to(before_.limit) : swap();
      throw;
    }
  }

 private:
  [[nodiscard]] bool is_half_done() const {
    if (!is_image(after_.limit_way)) {
      return true;  // setting a quota once more costs nothing
    }
    const auto data = kernel::open_beneath(directory_, kDataName, O_PATH | O_DIRECTORY | O_NOFOLLOW);
    return data && is_half_grown(data.get(), after_.limit.size, after_.limit_way);
  }
  void change_to(const VolumeLimit& limit) const {
    change_limit(layout_, {kUpdateVolume, before_.name}, directory_, before_, limit, {});
  }

  const Layout& layout_;
  int directory_;
  const VolumeInfo& before_;
  const VolumeInfo& after_;
  bool is_needed_ = false;
};

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
  const LimitChange limit{layout, volume.directory(), read.info, after, changes.limit.has_value()};
  if (after == read.info && !limit.is_needed()) {
    return after;
  }
  if (!alone && (needs_no_users(read.info, after) || limit.needs_no_users())) {
    return std::nullopt;
  }
  if (after == read.info) {
    limit.make();  // a process was killed before it came to that
    return after;
  }
  const std::string text = metadata_or_refusal(kUpdateVolume, name, encode_changed_metadata(read.text, after));
  const NewMetadata metadata{layout, text};
  lock.note_change();
  const VolumeChange change{layout, name};
  limit.around([&] { metadata.put(volume.directory()); });
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
