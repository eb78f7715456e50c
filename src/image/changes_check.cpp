// SPDX-License-Identifier: Apache-2.0
#include "image/changes_check.hpp"

#include "image/changes.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "kernel/quota_group.hpp"
#include "kernel/subvolume.hpp"
#include "volume/data_image.hpp"
#include "volume/directory.hpp"
#include "volume/limit_mark.hpp"
#include "volume/limited_data.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace dunnage::image {
namespace {

using volume::StoreFault;
using volume::StoreFaults;

/// The place of a container that is being looked at.
struct SeenChanges {
  const Layout& layout;
  std::string id;
  kernel::FileDescriptor place;
  ChangesWord word;
};
using Seen = std::shared_ptr<const SeenChanges>;

StoreFinding changes_finding(const SeenChanges& seen, const std::string& file, std::string problem, std::string remedy,
                             bool repairable) {
  const std::filesystem::path path = seen.layout.path.parent_path() / changes_path(seen.id);
  return {.part = StoreFinding::Part::Image,
          .name = "changes of " + seen.word.container,
          .path = file.empty() ? path : path / file,
          .problem = std::move(problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

std::string remove_if_abandoned(const Layout& layout, const std::string& id) {
  const auto changes = layout.open_changes();
  return remove_abandoned_changes(changes.get(), id, layout.open_trash().get()) ? "it has been deleted" : "";
}

StoreFault fault_of_abandoned(const Seen& seen) {
  StoreFault fault{changes_finding(*seen, {}, "a process that was killed left what a container wrote to its image",
                                   "repair() deletes it; so does the next launch of an image", true),
                   [seen] { return remove_if_abandoned(seen->layout, seen->id); }};
  fault.finding.kind = StoreFinding::Kind::Leftover;
  return fault;
}

/// How it is held, by what is there. None if nothing is.
LimitWay way_by_content(int limited) {
  const auto data = volume::open_data_directory(limited);
  const LimitWay way = volume::way_of_image(data.get());
  return way == LimitWay::None && kernel::is_subvolume(data.get()) ? LimitWay::BtrfsQuota : way;
}

std::string make_mark(const SeenChanges& seen) {
  const auto limited = open_limited_place(seen.place.get());
  const LimitWay way = limited ? way_by_content(limited.get()) : LimitWay::None;
  if (way == LimitWay::None) {
    return {};
  }
  volume::put_mark(seen.layout.store, limited.get(), way);
  return fmt::format("it says \"{}\" again", to_string(way));
}

std::string set_limit_again(const SeenChanges& seen) {
  const auto limited = open_limited_place(seen.place.get());
  kernel::set_quota(limited.get(), volume::open_data_directory(limited.get()).get(), seen.word.limit);
  return "the limit has been set again";
}

/// \return None where the mark cannot be understood
LimitWay way_of_mark(int limited) {
  try {
    return volume::limit_way_of(limited);
  } catch (const kernel::CallError& error) {
    if (error.code().value() != EUCLEAN) {
      throw;
    }
    return LimitWay::None;
  }
}

StoreFaults faults_of_limit(const Seen& seen, int limited) {
  const std::string data = std::string{kLimitedName} + '/' + volume::kDataName;
  if (!volume::look_at(limited, volume::kDataName)) {
    return {{changes_finding(*seen, data, "what its container wrote is gone",
                             "put it back from a backup, or remove the container", false)}};
  }
  const LimitWay way = way_of_mark(limited);
  const LimitWay found = way_by_content(limited);
  if (way == LimitWay::None) {
    const bool known = found != LimitWay::None;
    return {{changes_finding(*seen, std::string{kLimitedName} + '/' + volume::kLimitName,
                             "it does not say how the limit is held, so its container cannot be started",
                             known ? "repair() writes it anew, as what is there says"
                                   : "and what is there does not say it either: remove the container",
                             known),
             known ? std::function<std::string()>{[seen] { return make_mark(*seen); }} : nullptr}};
  }
  if (way != found) {
    return {{changes_finding(*seen, data, fmt::format("what is there is no \"{}\" any more", to_string(way)),
                             "save what fsck finds in the image, and remove the container", false)}};
  }
  if (way == LimitWay::BtrfsQuota && volume::found_limit(limited, way).size == 0 && seen->word.limit != 0) {
    return {{changes_finding(*seen, data, "nothing limits what its container writes: the quota is gone",
                             "switch quotas of the file system on, then repair() sets it again; so does the next start",
                             true),
             [seen] { return set_limit_again(*seen); }}};
  }
  return {};
}

StoreFaults faults_of_place(const Layout& layout, int changes, const std::string& id, std::chrono::milliseconds grace) {
  const auto entry = volume::look_at(changes, id);
  auto place = kernel::open_beneath(changes, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!entry || !place) {
    return {};
  }
  ChangesWord word = changes_word_of(place.get(), id);
  const auto seen = std::make_shared<const SeenChanges>(SeenChanges{layout, id, std::move(place), std::move(word)});
  const int directory = seen->place.get();
  StoreFaults faults;
  if (!are_changes_kept(directory) && !volume::is_held(directory, volume::kLockName)) {
    if (volume::is_older(entry->status, grace)) {
      faults.push_back(fault_of_abandoned(seen));
    }
  } else if (const auto limited = open_limited_place(directory)) {
    faults = volume::faults_or_reason(changes_finding(*seen, kLimitedName, {}, {}, false),
                                      [&] { return faults_of_limit(seen, limited.get()); });
  }
  return kernel::is_at(changes, id, directory) ? std::move(faults) : StoreFaults{};
}

}  // namespace

StoreFaults faults_of_changes(const Layout& layout, std::chrono::milliseconds grace) {
  StoreFaults faults;
  const auto changes = kernel::open_beneath(layout.images.get(), "changes", O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!changes) {
    return faults;  // the check of the images' parts tells why
  }
  for (const std::string& id : kernel::names_in(changes.get())) {
    for (StoreFault& fault : faults_of_place(layout, changes.get(), id, grace)) {
      faults.push_back(std::move(fault));
    }
  }
  return faults;
}

}  // namespace dunnage::image
