// SPDX-License-Identifier: Apache-2.0
#include "volume/check.hpp"

#include <dunnage/error.hpp>
#include <dunnage/volume_store.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/failure.hpp"
#include "volume/index_check.hpp"
#include "volume/leftover_check.hpp"
#include "volume/part_check.hpp"
#include "volume/private_directory.hpp"
#include "volume/retained.hpp"
#include "volume/volume_check.hpp"
#include "volume/volume_store_access.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

constexpr const char* kCheckStore = "check store";
constexpr const char* kRepairStore = "repair store";

/// A part that is no directory, or somebody else's, has been reported, and is not looked into.
kernel::FileDescriptor open_seen_part(const Layout& layout, const char* name) {
  return kernel::open_beneath(layout.root.get(), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

void add_to(std::vector<StoreFinding>& findings, std::vector<StoreFinding> more) {
  std::move(more.begin(), more.end(), std::back_inserter(findings));
}

StoreFaults faults_of(const Layout& layout, const std::string& name, const VolumeLook& look) {
  return faults_or_reason({.part = StoreFinding::Part::Volume, .name = name, .path = layout.volumes_path() + name},
                          [&] { return faults_of_volume(layout, name, look); });
}

/// \param take  what becomes of faults: they are told, or repaired, before what they are of is closed
template <typename Take>
std::vector<StoreFinding> look_into(const Layout& layout, const VolumeLook& look, Take&& take) {
  std::vector<StoreFinding> findings;
  if (layout.volumes) {
    std::vector<std::string> names = kernel::names_in(layout.volumes.get());
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) {
      std::vector<StoreFinding> found = take(faults_of(layout, name, look));
      const bool was_opened = found.size() == 1 && !found.front().repaired.empty() &&
                              found.front().path == std::filesystem::path{layout.volumes_path() + name};
      add_to(findings, std::move(found));
      if (was_opened) {
        add_to(findings, take(faults_of(layout, name, look)));
      }
    }
    add_to(findings, take(faults_of_index(layout)));
  }
  const auto trash = open_seen_part(layout, "trash");
  const auto staging = open_seen_part(layout, "staging");
  if (trash && staging) {
    add_to(findings, take(leftovers_in_staging(layout, staging.get(), layout.path / "staging", look.grace)));
  }
  if (trash) {
    add_to(findings, take(leftovers_in_trash(layout, trash.get(), look.grace)));
  }
  if (const auto retained = open_seen_part(layout, kRetainedName)) {
    add_to(findings, take(leftovers_in_retained(layout, retained.get(), look.grace)));
  }
  return findings;
}

template <typename Work>
std::vector<StoreFinding> with_reason(const char* operation, const std::filesystem::path& root, Work&& work) {
  const std::filesystem::path path = full_path(root);
  try {
    return work(path);
  } catch (const kernel::CallError& error) {
    throw call_failure(operation, path.string(), error);
  }
}

std::vector<StoreFinding> repair_all(const std::filesystem::path& path, const StoreRepair& options) {
  std::vector<StoreFinding> findings;
  PartCheck parts = check_parts(path, options.grace);
  if (!parts.layout) {
    findings = repaired(std::move(parts.faults));
    parts = check_parts(path, options.grace);
  }
  if (!parts.layout) {
    return findings;  // there is no store, or it is not for us
  }
  const RepairLock lock{*parts.layout};
  parts = check_parts(path, options.grace);
  add_to(findings, repaired(std::move(parts.faults)));
  parts = check_parts(path, options.grace);
  if (parts.layout) {
    const VolumeLook look{.grace = options.grace, .make_data = options.make_missing_data};
    add_to(findings, look_into(*parts.layout, look, [&](StoreFaults faults) {
             return parts.may_repair ? repaired(std::move(faults)) : findings_of(std::move(faults));
           }));
  }
  return findings;
}

}  // namespace

RepairLock::RepairLock(const Layout& layout) {
  constexpr auto kPatience = std::chrono::minutes{1};
  lock_ = kernel::open_beneath(layout.root.get(), "repair.lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                               kPrivateFile);
  if (!lock_) {
    throw kernel::CallError{"open repair.lock", errno};
  }
  if (!kernel::lock_within(lock_.get(), kernel::LockKind::Exclusive, kPatience)) {
    throw kernel::CallError{"lock repair.lock", EBUSY};
  }
}

RepairLock::~RepairLock() { kernel::unlock(lock_.get()); }

std::vector<StoreFinding> check_volumes(const std::filesystem::path& root, const StoreCheck& options) {
  return with_reason(kCheckStore, root, [&](const std::filesystem::path& path) {
    PartCheck parts = check_parts(path, options.grace);
    std::vector<StoreFinding> findings = findings_of(std::move(parts.faults));
    if (parts.layout) {
      add_to(findings, look_into(*parts.layout, {.grace = options.grace, .make_data = false},
                                 [](StoreFaults faults) { return findings_of(std::move(faults)); }));
    }
    return findings;
  });
}

std::vector<StoreFinding> repair_volumes(const std::filesystem::path& root, const StoreRepair& options) {
  return with_reason(kRepairStore, root, [&](const std::filesystem::path& path) { return repair_all(path, options); });
}

}  // namespace dunnage::volume

namespace dunnage {

StoreReport VolumeStore::check(const StoreCheck& options) const {
  return volume::report_of(volume::check_volumes(root(), options));
}

StoreReport VolumeStore::repair(const StoreRepair& options) {
  return volume::report_of(volume::repair_volumes(root(), options));
}

}  // namespace dunnage
