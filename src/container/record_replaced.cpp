// SPDX-License-Identifier: Apache-2.0
// Records whose place another one takes. They stand aside, as `.new-<id of the other>`, until that container runs.

#include "container/changes.hpp"
#include "container/config.hpp"
#include "container/record.hpp"
#include "container/record_lock.hpp"
#include "container/record_parts.hpp"
#include "container/removal.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "volume/trash.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <stdexcept>

namespace dunnage::container {
namespace {

std::string aside(const std::string& id) { return std::string{kUnfinished} + id; }

/// Nothing for a record that cannot be read.
std::optional<Config> readable_config(int record) {
  try {
    return read_config(record);
  } catch (const std::invalid_argument&) {
  } catch (const kernel::CallError&) {
  }
  return std::nullopt;
}

void throw_away(const volume::Layout& layout, int containers, const std::string& name) {
  const kernel::FileDescriptor trash = layout.open_trash();
  if (const auto trashed = volume::move_to_trash(containers, name, trash.get())) {
    volume::delete_from_trash(trash.get(), *trashed);
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> anonymous_volumes_of(const volume::Layout& layout,
                                                                      const std::string& name) {
  std::vector<std::pair<std::string, std::string>> volumes;
  const kernel::FileDescriptor record = open_directory(open_containers(layout).get(), name);
  const auto config = record ? readable_config(record.get()) : std::nullopt;
  if (!config) {
    return volumes;
  }
  for (const ResolvedMount& mount : config->mounts) {
    const auto& own = config->anonymous_volumes;
    if (mount.kind == MountKind::Volume && std::find(own.begin(), own.end(), mount.volume) != own.end()) {
      volumes.emplace_back(mount.volume, mount.target);
    }
  }
  return volumes;
}

void bring_back_record(const volume::Layout& layout, const std::string& name, const std::string& id) noexcept {
  try {
    const kernel::FileDescriptor containers = open_containers(layout);
    if (!kernel::exists_at(containers.get(), aside(id))) {
      return discard_record(layout, name);
    }
    const kernel::FileDescriptor directory = open_directory(containers.get(), name);
    if (directory) {
      const RecordLock lock{directory.get()};
      if (kernel::exchange(containers.get(), aside(id), containers.get(), name) == 0) {
        throw_away(layout, containers.get(), aside(id));
      }
    }
  } catch (const std::exception&) {
    // the failure that brought us here is the one to report
  }
}

void remove_replaced_record(const volume::Layout& layout, const std::string& id, bool volumes) noexcept {
  try {
    const kernel::FileDescriptor containers = open_containers(layout);
    const kernel::FileDescriptor record = open_directory(containers.get(), aside(id));
    if (!record) {
      return;
    }
    const auto config = readable_config(record.get());
    if (config && config->id != id) {  // one that was never published has nothing else
      remove_volumes(layout, volumes ? config->anonymous_volumes : std::vector<std::string>{});
      remove_changes(layout, config->id);
    }
    throw_away(layout, containers.get(), aside(id));
  } catch (const std::exception&) {
    // a later sweep tries again
  }
}

}  // namespace dunnage::container
