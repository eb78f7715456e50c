// SPDX-License-Identifier: Apache-2.0
#include "volume/leftover_check.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "launcher/identity.hpp"
#include "volume/retained.hpp"
#include "volume/stage.hpp"
#include "volume/trash.hpp"
#include "volume/unfinished.hpp"

#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

/// Its maker holds a lock in it, or beside it: see Stage.
bool has_maker(int staging, const std::string& name, const Entry& entry) {
  if (!entry.is_directory()) {
    return entry.is_file() && is_held(staging, name);
  }
  const auto directory = kernel::open_beneath(staging, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
  return directory && (is_held(directory.get(), kLockName) || is_held(staging, name + ".lock") ||
                       is_held(directory.get(), kLockName));  // renamed between two looks
}

StoreFault leftover(StoreFinding::Part part, const std::string& name, const std::filesystem::path& path,
                    std::string problem, std::function<std::string()> repair) {
  return {{.part = part,
           .kind = StoreFinding::Kind::Leftover,
           .name = name,
           .path = path / name,
           .problem = std::move(problem),
           .remedy = "repair() deletes it; so does whoever opens the store",
           .repairable = true},
          std::move(repair)};
}

/// What has been a rename's work is gone from `directory`; what others hold by now is not.
std::string gone_from(int directory, const std::string& name) {
  return kernel::exists_at(directory, name) ? std::string{} : "it has been deleted";
}

}  // namespace

StoreFaults leftovers_in_staging(const Layout& layout, int staging, const std::filesystem::path& path,
                                 std::chrono::milliseconds grace) {
  StoreFaults faults;
  for (const std::string& name : kernel::names_in(staging)) {
    const auto entry = look_at(staging, name);
    if (!entry || !is_older(entry->status, grace) || has_maker(staging, name, *entry)) {
      continue;
    }
    faults.push_back(leftover(StoreFinding::Part::Staging, name, path,
                              "a process that was killed was making it, and nobody goes on with it",
                              [&layout, staging, name] {
                                sweep_unfinished(layout, staging, layout.open_trash().get());
                                (void)sweep_trash(layout.root.get());
                                return gone_from(staging, name);
                              }));
  }
  return faults;
}

StoreFaults leftovers_in_trash(const Layout& layout, int trash, std::chrono::milliseconds grace) {
  StoreFaults faults;
  for (const std::string& name : kernel::names_in(trash)) {
    const auto entry = look_at(trash, name);
    if (!entry || !is_older(entry->status, grace)) {
      continue;
    }
    faults.push_back(leftover(StoreFinding::Part::Trash, name, layout.path / "trash",
                              "it was removed, and its space has not been given back", [&layout, trash, name] {
                                (void)sweep_trash(layout.root.get());
                                if (!gone_from(trash, name).empty()) {
                                  return gone_from(trash, name);
                                }
                                sweep_trash_of_ids(layout.root.get(), launcher::identity_for(0, 0));
                                return gone_from(trash, name);
                              }));
  }
  return faults;
}

StoreFaults leftovers_in_retained(const Layout& layout, int retained, std::chrono::milliseconds grace) {
  StoreFaults faults;
  const auto now = std::chrono::system_clock::now();
  for (const std::string& name : kernel::names_in(retained)) {
    const auto entry = retained_entry(name);
    if (!entry) {
      StoreFault fault =
          leftover(StoreFinding::Part::Trash, name, layout.path / kRetainedName,
                   "nothing that is kept in the trash can be called that, and nothing ever looks at it", {});
      fault.finding.remedy = "move it away; repair() deletes nothing that it does not know";
      fault.finding.repairable = false;
      faults.push_back(std::move(fault));
    } else if (entry->kept_until < now - grace) {
      faults.push_back(leftover(StoreFinding::Part::Trash, name, layout.path / kRetainedName,
                                "it was removed, the time it was to be kept is over, and it has not been deleted",
                                [&layout, retained, name] {
                                  sweep_retained(layout);
                                  return gone_from(retained, name);
                                }));
    }
  }
  return faults;
}

}  // namespace dunnage::volume
