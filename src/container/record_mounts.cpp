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

RecordMounts::RecordMounts(kernel::FileDescriptor containers, kernel::FileDescriptor directory, std::string name)
    : containers_{std::move(containers)}, directory_{std::move(directory)}, name_{std::move(name)} {}

std::optional<RecordMounts> RecordMounts::open(const volume::Layout& layout, const std::string& name,
                                               const std::string& id) {
  kernel::FileDescriptor containers = open_containers(layout);
  kernel::FileDescriptor directory = open_directory(containers.get(), name);
  if (!directory) {
    return std::nullopt;
  }
  RecordMounts record{std::move(containers), std::move(directory), name};
  if (!record.resume() || record.config_.id != id) {
    return std::nullopt;
  }
  return record;
}

bool RecordMounts::resume() {
  lock_ = std::make_unique<RecordLock>(directory_.get());
  if (!kernel::is_at(containers_.get(), name_, directory_.get())) {
    return false;
  }
  if (!read_ || !kernel::is_at(directory_.get(), kConfigName, read_.get())) {
    read();
  }
  return true;
}

bool RecordMounts::is_current() const {
  return read_ && kernel::is_at(containers_.get(), name_, directory_.get()) &&
         kernel::is_at(directory_.get(), kConfigName, read_.get());
}

void RecordMounts::follow_renames() { container::follow_renames(config_); }

void RecordMounts::read() {
  read_ = kernel::open_beneath(directory_.get(), kConfigName, O_PATH | O_NOFOLLOW);
  config_ = read_config(directory_.get());
}

void RecordMounts::accept() noexcept {
  config_ = std::move(next_);
  read_ = std::move(next_read_);
}

RecordMounts::~RecordMounts() {
  if (proposed_ && directory_) {
    (void)::unlinkat(directory_.get(), kNextConfigName, 0);  // the next one replaces what stays
  }
}

void RecordMounts::propose(MountPlan mounts, const std::vector<AnonymousVolume>& more,
                           const std::vector<volume::KnownVolume>& known) {
  next_ = config_;
  next_.mounts = std::move(mounts);
  next_.volumes.insert(next_.volumes.end(), known.begin(), known.end());
  for (const AnonymousVolume& volume : more) {
    next_.anonymous_volumes.push_back(volume.name);
  }
  const std::string text = encode_config(next_);
  if (text.size() > kMostConfigBytes) {
    throw kernel::CallError{"write config.json", E2BIG};
  }
  proposed_ = true;
  kernel::FileDescriptor file = kernel::create_file(directory_.get(), kNextConfigName, kFileMode);
  if (!file) {  // of who was killed
    (void)::unlinkat(directory_.get(), kNextConfigName, 0);
    file = kernel::create_file(directory_.get(), kNextConfigName, kFileMode);
  }
  if (!file) {
    throw kernel::CallError{"create file", EEXIST};
  }
  kernel::write_all(file.get(), text);
  next_read_ = std::move(file);
}

}  // namespace dunnage::container
