// SPDX-License-Identifier: Apache-2.0
#include "volume/volume_check.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/snapshot_check.hpp"
#include "volume/users.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace dunnage::volume {
namespace {

using SeenVolume = std::shared_ptr<const LookedAt>;

constexpr mode_t kEmptyDataMode = 0755;

StoreFinding volume_finding(const LookedAt& volume, const char* file, std::string problem, std::string remedy,
                            bool repairable = true) {
  return {.part = StoreFinding::Part::Volume,
          .name = volume.name,
          .path = *file == '\0' ? volume.path : volume.path / file,
          .problem = std::move(problem),
          .remedy = std::move(remedy),
          .repairable = repairable};
}

/// Nobody who mounts a volume sees it twice: not by its lock, if that is no lock.
bool has_living_users(const LookedAt& volume) {
  const auto users = look_at(volume.directory.get(), kUsersName);
  return users && users->is_directory() && !living_users(volume.directory.get()).empty();
}

std::string make_lock(const LookedAt& volume) {
  (void)open_lock(volume.directory.get());
  kernel::sync(volume.directory.get());
  return "a new lock file has been made";
}

std::string replace_lock(const LookedAt& volume) {
  const auto entry = look_at(volume.directory.get(), kLockName);
  if (!entry || entry->is_file() || has_living_users(volume)) {
    return {};
  }
  const auto aside = set_aside(volume.directory.get(), kLockName, *entry);
  return aside ? fmt::format("what was there is \"{}\" now, and {}", *aside, make_lock(volume)) : std::string{};
}

void check_lock(const SeenVolume& volume, StoreFaults& faults) {
  const auto entry = look_at(volume->directory.get(), kLockName);
  if (!entry) {
    faults.push_back(
        {volume_finding(*volume, kLockName, "its lock file is missing, so it could be removed while it is used",
                        "repair() makes a new one; containers that use it now are safe when they have ended"),
         [volume] { return make_lock(*volume); }});
  } else if (!entry->is_file()) {
    faults.push_back(
        {volume_finding(*volume, kLockName, fmt::format("its lock is {}, not a file", kind_of(entry->status)),
                        "repair() sets it aside and makes a new one, once no container uses the volume"),
         [volume] { return replace_lock(*volume); }});
  }
}

std::string replace_users(const LookedAt& volume) {
  const auto entry = look_at(volume.directory.get(), kUsersName);
  if (!entry || entry->is_directory()) {
    return {};
  }
  const auto aside = set_aside(volume.directory.get(), kUsersName, *entry);
  kernel::sync(volume.directory.get());
  return aside ? fmt::format("it is \"{}\" now; the next container makes a new one", *aside) : std::string{};
}

/// Those nobody holds. A record of who begins is younger than any grace.
void check_records(const SeenVolume& volume, std::chrono::milliseconds grace, StoreFaults& faults) {
  const auto users = kernel::open_beneath(volume->directory.get(), kUsersName, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!users) {
    return;  // removed at this moment
  }
  for (const std::string& record : kernel::names_in(users.get())) {
    const auto entry = look_at(users.get(), record);
    if (!entry || !entry->is_file() || !is_older(entry->status, grace) || is_held(users.get(), record)) {
      continue;
    }
    StoreFinding found = volume_finding(
        *volume, kUsersName,
        fmt::format("container \"{}\" is noted as a user and has ended", record.substr(0, record.find('.'))),
        "repair() removes the note; so does whoever asks for the users");
    found.kind = StoreFinding::Kind::Leftover;
    found.path /= record;
    faults.push_back({std::move(found), [volume] {
                        (void)living_users(volume->directory.get());
                        return std::string{"the note has been removed"};
                      }});
  }
}

void check_users(const SeenVolume& volume, std::chrono::milliseconds grace, StoreFaults& faults) {
  const auto entry = look_at(volume->directory.get(), kUsersName);
  if (!entry) {
    return;  // no container has ever used it
  }
  if (!entry->is_directory()) {
    faults.push_back(
        {volume_finding(*volume, kUsersName,
                        fmt::format("the list of its users is {}, not a directory, so it cannot be mounted",
                                    kind_of(entry->status)),
                        "repair() sets it aside"),
         [volume] { return replace_users(*volume); }});
    return;
  }
  check_records(volume, grace, faults);
}

std::string make_data(const LookedAt& volume) {
  if (!kernel::make_directory(volume.directory.get(), kDataName, kEmptyDataMode)) {
    return {};
  }
  kernel::sync(volume.directory.get());
  return "an empty data directory has been made, as was asked for; what was in the former one is lost";
}

void check_data(const SeenVolume& volume, bool make_missing, StoreFaults& faults) {
  const auto entry = look_at(volume->directory.get(), kDataName, true);
  if (!entry) {
    faults.push_back(
        {volume_finding(*volume, kDataName, "its data is gone: there is no data directory",
                        make_missing ? "repair() makes an empty one, as is asked for"
                                     : "put the directory back from a backup; or have repair() make an empty one with "
                                       "make_missing_data (store repair --make-missing-data)",
                        make_missing),
         [volume] { return make_data(*volume); }});
  } else if (!entry->is_directory()) {
    faults.push_back({volume_finding(
        *volume, kDataName,
        fmt::format("its data is {}, not a directory, so it cannot be mounted", kind_of(entry->status)),
        "put the directory back; what is there may be somebody's, so repair() leaves it alone", false)});
  }
}

/// Its container is not there, so nothing will ever ask for it.
void check_owner(const SeenVolume& volume, const VolumeInfo& info, std::chrono::milliseconds grace,
                 StoreFaults& faults) {
  const auto age = std::chrono::system_clock::now() - info.created_at;
  const auto lock = look_at(volume->directory.get(), kLockName);
  if (!info.anonymous || info.owner.empty() || age < grace || container_exists(volume->layout, info.owner) ||
      (lock && lock->is_file() && is_held(volume->directory.get(), kLockName))) {
    return;
  }
  StoreFinding found = volume_finding(
      *volume, "", fmt::format("it is an anonymous volume of container \"{}\", which is gone", info.owner),
      "remove it with prune() (volume prune) if nobody wants what is in it; repair() deletes no data", false);
  found.kind = StoreFinding::Kind::Leftover;
  faults.push_back({std::move(found)});
}

std::string close_directory(const Layout& layout, const std::string& name, const Entry& entry) {
  if (!kernel::is_at(layout.volumes.get(), name, entry.file.get())) {
    return {};
  }
  return make_private(entry);
}

StoreFaults fault_of_directory(const Layout& layout, const LookedAt& volume,
                               const std::shared_ptr<const Entry>& entry) {
  PrivacyFault fault = privacy_fault(entry->status);
  if (fault.problem.empty()) {
    return {};
  }
  return {{volume_finding(volume, "", std::move(fault.problem), std::move(fault.remedy), fault.repairable),
           [&layout, name = volume.name, entry] { return close_directory(layout, name, *entry); }}};
}

/// One look at what has the name at this moment. \return nothing if it had gone before it was seen whole
std::optional<StoreFaults> look_once(const Layout& layout, const std::string& name, const VolumeLook& look) {
  auto found = look_at(layout.volumes.get(), name);
  if (!found) {
    return StoreFaults{};
  }
  const auto entry = std::make_shared<const Entry>(std::move(*found));
  LookedAt seen{.layout = layout, .name = name, .path = layout.volumes_path() + name, .directory = {}};
  StoreFaults faults = fault_of_directory(layout, seen, entry);
  if (!entry->is_directory() || (entry->status.st_mode & kPrivateDirectory) != kPrivateDirectory) {
    return faults;  // what is in it cannot be seen, or only by root
  }
  seen.directory = kernel::open_beneath(layout.volumes.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  if (!seen.directory) {
    if (errno != ENOENT && errno != ENOTDIR && errno != ELOOP) {
      throw kernel::CallError{"open directory", errno};
    }
    return std::nullopt;
  }
  seen.inode = entry->status.st_ino;
  const auto volume = std::make_shared<const LookedAt>(std::move(seen));
  std::optional<VolumeInfo> info;
  for (StoreFault& fault : faults_of_metadata(volume, info)) {
    faults.push_back(std::move(fault));
  }
  check_lock(volume, faults);
  check_users(volume, look.grace, faults);
  check_data(volume, look.make_data, faults);
  for (StoreFault& fault : faults_of_snapshots(volume)) {
    faults.push_back(std::move(fault));
  }
  if (info) {
    check_owner(volume, *info, look.grace, faults);
  }
  // what somebody removes loses its files one by one
  return kernel::is_at(layout.volumes.get(), name, volume->directory.get()) ? std::optional{std::move(faults)}
                                                                            : std::nullopt;
}

}  // namespace

StoreFaults faults_of_volume(const Layout& layout, const std::string& name, const VolumeLook& look) {
  constexpr int kLooks = 64;  // whoever removes and makes it that often has a volume that works
  if (!model::is_valid_volume_name(name)) {
    const LookedAt entry{.layout = layout, .name = name, .path = layout.volumes_path() + name, .directory = {}};
    StoreFinding found = volume_finding(entry, "", "no volume can be called that, and nothing ever looks at it",
                                        "move it away; repair() deletes nothing that it does not know", false);
    found.kind = StoreFinding::Kind::Leftover;
    return {{std::move(found)}};
  }
  for (int attempt = 0; attempt < kLooks; ++attempt) {
    if (auto faults = look_once(layout, name, look)) {
      return std::move(*faults);
    }
  }
  return {};
}

}  // namespace dunnage::volume
