// SPDX-License-Identifier: Apache-2.0
#include "container/record_mounts.hpp"

#include "container/lookup.hpp"
#include "container/record.hpp"
#include "container/record_parts.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

namespace dunnage::container {

RecordMounts::RecordMounts(kernel::FileDescriptor directory, std::unique_ptr<RecordLock> lock)
    : directory_{std::move(directory)}, lock_{std::move(lock)}, config_{read_config(directory_.get())} {}

std::optional<RecordMounts> RecordMounts::open(const volume::Layout& layout, const std::string& name,
                                               const std::string& id) {
  const kernel::FileDescriptor containers = open_containers(layout);
  kernel::FileDescriptor directory = open_directory(containers.get(), name);
  if (!directory) {
    return std::nullopt;
  }
  auto lock = std::make_unique<RecordLock>(directory.get());
  if (!kernel::is_at(containers.get(), name, directory.get())) {
    return std::nullopt;
  }
  RecordMounts record{std::move(directory), std::move(lock)};
  if (record.config_.id != id) {
    return std::nullopt;
  }
  return record;
}

RecordMounts::~RecordMounts() {
  if (proposed_ && directory_) {
    (void)::unlinkat(directory_.get(), kNextConfigName, 0);  // the next one replaces what stays
  }
}

void RecordMounts::propose(MountPlan mounts, const std::vector<AnonymousVolume>& more,
                           const std::vector<volume::KnownVolume>& known) {
  Config next = config_;
  next.mounts = std::move(mounts);
  next.volumes.insert(next.volumes.end(), known.begin(), known.end());
  for (const AnonymousVolume& volume : more) {
    next.anonymous_volumes.push_back(volume.name);
  }
  const std::string text = encode_config(next);
  if (text.size() > kMostConfigBytes) {
    throw kernel::CallError{"write config.json", E2BIG};
  }
  (void)::unlinkat(directory_.get(), kNextConfigName, 0);  // of who was killed; usually there is none
  proposed_ = true;
  const kernel::FileDescriptor file = kernel::create_file(directory_.get(), kNextConfigName, kFileMode);
  if (!file) {
    throw kernel::CallError{"create file", EEXIST};
  }
  kernel::write_all(file.get(), text);
}

}  // namespace dunnage::container
