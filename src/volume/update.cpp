// SPDX-License-Identifier: Apache-2.0
#include "volume/update.hpp"

#include <dunnage/error.hpp>

#include "kernel/open_beneath.hpp"
#include "volume/create.hpp"
#include "volume/data_image.hpp"
#include "volume/failure.hpp"
#include "volume/fill_lock.hpp"
#include "volume/index.hpp"
#include "volume/kept_volume.hpp"
#include "volume/limit_change.hpp"
#include "volume/limit_choice.hpp"
#include "volume/limit_move.hpp"
#include "volume/limited_data.hpp"
#include "volume/memory_limit.hpp"
#include "volume/metadata.hpp"
#include "volume/metadata_change.hpp"

#include <fcntl.h>

#include <cerrno>
#include <map>
#include <memory>
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

VolumeInfo changed(const Layout& layout, const VolumeInfo& before, const VolumeChanges& changes) {
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
  take_limit_change(layout, {kUpdateVolume, before.name}, before, changes, after);
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
  if (before.limit_way != after.limit_way) {
    differences.push_back({.what = "limit way",
                           .before = std::string{to_string(before.limit_way)},
                           .after = std::string{to_string(after.limit_way)}});
  }
  add_number("size", before.limit.size, after.limit.size);
  add_number("inodes", before.limit.inodes, after.limit.inodes);
  return differences;
}

bool needs_no_users(const VolumeInfo& before, const VolumeInfo& after) {
  return before.driver_options != after.driver_options || before.access != after.access ||
         limit_needs_no_users(before, after);
}

namespace {

/// What a change of metadata means for data that stays where it is.
class LimitChange {
 public:
  LimitChange(const Layout& layout, int directory, const VolumeInfo& before, const VolumeInfo& after,
              const Watch& watch)
      : layout_{layout}, directory_{directory}, before_{before}, after_{after}, watch_{watch} {}

  /// Whether the limit is another one, or is not held yet, though it is `asked` for.
  [[nodiscard]] bool is_needed(bool asked) const {
    return is_in_store(after_.limit_way) && (before_.limit != after_.limit || (asked && is_half_done()));
  }
  void make() const { change_to(after_.limit); }

  /// The smaller limit is there as long as the other is, so that never more is allowed than the metadata says.
  /// \param swap  changes the metadata; done once more it takes that back
  template <typename Swap>
  void around(Swap&& swap) const {
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
    change_limit(layout_, {kUpdateVolume, before_.name}, directory_, before_, limit, watch_);
  }

  const Layout& layout_;
  int directory_;
  const VolumeInfo& before_;
  const VolumeInfo& after_;
  const Watch& watch_;
};

using Agree = std::function<void(const VolumeInfo&)>;

/// One volume while it is changed.
class Update {
 public:
  enum class Alone { No, Yes };

  Update(const Layout& layout, const std::string& name, const VolumeChanges& changes, const Watch& watch, Alone alone)
      : layout_{layout},
        name_{name},
        changes_{changes},
        watch_{watch},
        alone_{alone == Alone::Yes},
        volume_{layout, kUpdateVolume, name, alone_ ? KeptVolume::Beside::Nobody : KeptVolume::Beside::Users},
        lock_{volume_.directory()} {}

  /// \return nothing if it has to be done alone
  std::optional<VolumeInfo> run(const Agree& agree) {
    settle_limit_move(layout_, name_, volume_.directory(), lock_);
    const ReadMetadata read = read_metadata(layout_, kUpdateVolume, name_, volume_.directory());
    if (agree) {
      agree(read.info);
    }
    VolumeInfo after = changed(layout_, read.info, changes_);
    const LimitChange limit{layout_, volume_.directory(), read.info, after, watch_};
    const bool moves = moves_data(read.info, after);
    const bool changes_limit = !moves && limit.is_needed(changes_.limit.has_value());
    if (after == read.info && !changes_limit) {
      return after;
    }
    if (!alone_ && (needs_no_users(read.info, after) ||
                    (changes_limit && is_image(after.limit_way) && !grows_while_mounted(after.limit_way)))) {
      return std::nullopt;
    }
    if (after == read.info) {
      limit.make();  // a process was killed before it came to that
      return after;
    }
    prove(read.info, after);
    const NewMetadata metadata{layout_,
                               metadata_or_refusal(kUpdateVolume, name_, encode_changed_metadata(read.text, after))};
    if (moves) {
      DataMove move{layout_, {kUpdateVolume, name_}, volume_.directory(), read.info, after, watch_};
      put([&] { move.finish(metadata); });
    } else if (changes_limit) {
      put([&] { limit.around([&] { metadata.put(volume_.directory()); }); });
    } else {
      put([&] { metadata.put(volume_.directory()); });
    }
    return after;
  }

 private:
  static void prove(const VolumeInfo& before, const VolumeInfo& after) {
    if (after.limit_way == LimitWay::Memory && after.limit != before.limit) {
      prove_memory_limit({kUpdateVolume, before.name}, after.limit);
    }
  }
  template <typename Work>
  void put(Work&& work) const {
    lock_.note_change();
    const VolumeChange change{layout_, name_};
    work();
  }

  const Layout& layout_;
  const std::string& name_;
  const VolumeChanges& changes_;
  const Watch& watch_;
  bool alone_;
  KeptVolume volume_;
  MetadataLock lock_;
};

}  // namespace

VolumeInfo update(const Layout& layout, const std::string& name, const VolumeChanges& changes, const Watch& watch,
                  const std::function<void(const VolumeInfo&)>& agree) {
  if (auto info = Update{layout, name, changes, watch, Update::Alone::No}.run(agree)) {
    return std::move(*info);
  }
  // what fills the volume does not use it yet
  const auto filling = changes.limit ? std::make_unique<FillLock>(layout, name, watch) : nullptr;
  return Update{layout, name, changes, watch, Update::Alone::Yes}.run(agree).value();
}

}  // namespace dunnage::volume
