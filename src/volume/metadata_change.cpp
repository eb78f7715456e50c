// SPDX-License-Identifier: Apache-2.0
#include "volume/metadata_change.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/reading.hpp"
#include "volume/renames.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <utility>

namespace dunnage::volume {

ReadMetadata read_metadata(const Layout& layout, const std::string& operation, const std::string& name, int directory) {
  // It may have got another name while its lock was waited for. The log of renames would still know it by this one.
  if (!kernel::is_at(layout.volumes.get(), name, directory)) {
    throw missing_failure(operation, name, names_to_suggest(layout));
  }
  ReadMetadata read;
  std::string buffer;
  const auto [text, number] = kernel::read_small_file(directory, kMetadataName, buffer, kMaxMetadataBytes);
  if (number != 0 && number != ENOENT) {
    throw kernel::CallError{"read metadata", number};
  }
  read.text = text;
  if (auto damage = decode_renamed_metadata(layout, text, name, read.info)) {
    throw damaged_failure(layout, operation, name,
                          {.volume = {}, .damage = std::move(*damage), .newer = is_newer_metadata(text)});
  }
  read.info.mountpoint = layout.mountpoint(name);
  return read;
}

MetadataLock::MetadataLock(int directory, std::chrono::milliseconds patience) {
  lock_ = kernel::open_beneath(directory, kMetadataLockName, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                               kPrivateFile);
  if (!lock_) {
    throw kernel::CallError{"open metadata.lock", errno};
  }
  if (!kernel::lock_within(lock_.get(), kernel::LockKind::Exclusive, patience)) {
    throw kernel::CallError{"lock metadata", EBUSY};
  }
}

MetadataLock::~MetadataLock() { kernel::unlock(lock_.get()); }

void MetadataLock::note_change() const {
  if (::futimens(lock_.get(), nullptr) != 0) {
    throw kernel::CallError{"note change", errno};
  }
  kernel::sync(lock_.get());
}

NewMetadata::NewMetadata(const Layout& layout, const std::string& text) : stage_{layout.open_staging()} {
  kernel::write_new_file(stage_.directory(), kMetadataName, text, kPrivateFile);
}

void NewMetadata::put(int directory) const {
  const auto exchange = [&] { return kernel::exchange(stage_.directory(), kMetadataName, directory, kMetadataName); };
  if (const int number = exchange(); number != 0) {
    throw kernel::CallError{"rename", number};
  }
  try {
    kernel::sync(directory);
  } catch (...) {
    (void)exchange();  // if it cannot be taken back either, the caller knows of the failure
    throw;
  }
}

}  // namespace dunnage::volume
