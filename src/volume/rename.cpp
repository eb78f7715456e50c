// SPDX-License-Identifier: Apache-2.0
#include "volume/rename.hpp"

#include <dunnage/error.hpp>

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/lock.hpp"
#include "model/volume_name.hpp"
#include "volume/directory.hpp"
#include "volume/failure.hpp"
#include "volume/index.hpp"
#include "volume/metadata.hpp"
#include "volume/private_directory.hpp"
#include "volume/reading.hpp"
#include "volume/renames.hpp"
#include "volume/users.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <thread>
#include <utility>

namespace dunnage::volume {
namespace {

VolumeError taken_failure(const std::string& from, const std::string& to) {
  return VolumeError{{.stage = dunnage::Stage::Store,
                      .operation = kRenameVolume,
                      .subject = from,
                      .detail = fmt::format("to \"{}\"", to),
                      .cause = "",
                      .code = errc::volume_exists,
                      .remedy = "choose another name, or remove that one first"}};
}

/// A volume that keeps its name, and is not removed, while this is there. Those who use it hold the same lock.
class KeptVolume {
 public:
  KeptVolume(const Layout& layout, const std::string& name) {
    const auto deadline = std::chrono::steady_clock::now() + kPatienceWithOthers;
    for (;;) {
      directory_ = open_volume_directory(layout, name);
      if (!directory_) {
        throw missing_failure(kRenameVolume, name, names_to_suggest(layout));
      }
      lock_ = open_lock(directory_.get());
      if (lock_ && kernel::try_lock(lock_.get(), kernel::LockKind::Shared)) {
        if (kernel::is_at(layout.volumes.get(), name, directory_.get())) {
          return;
        }
        kernel::unlock(lock_.get());
      } else if (std::chrono::steady_clock::now() > deadline) {
        throw in_use_failure(kRenameVolume, name, {});
      } else {
        std::this_thread::sleep_for(std::chrono::milliseconds{1});
      }
    }
  }
  KeptVolume(const KeptVolume&) = delete;
  KeptVolume& operator=(const KeptVolume&) = delete;
  ~KeptVolume() {
    if (lock_) {
      kernel::unlock(lock_.get());
    }
  }

  [[nodiscard]] int directory() const noexcept { return directory_.get(); }
  [[nodiscard]] std::uint64_t inode() const {
    struct stat status {};
    if (::fstat(directory_.get(), &status) != 0) {
      throw kernel::CallError{"stat", errno};
    }
    return status.st_ino;
  }

 private:
  kernel::FileDescriptor directory_;
  kernel::FileDescriptor lock_;
};

VolumeInfo whole_info(const Layout& layout, const std::string& name) {
  Reading reading = VolumeReader{layout}.read(name);
  if (!reading.damage.empty()) {
    throw damaged_failure(layout, kRenameVolume, name, reading);
  }
  if (!reading.volume) {
    throw missing_failure(kRenameVolume, name, names_to_suggest(layout));
  }
  return std::move(*reading.volume);
}

/// Until this is done, readers know by the log whose metadata that is.
void rewrite_metadata(int directory, const VolumeInfo& info) {
  if (const auto text = encode_metadata(info)) {
    kernel::write_durably(directory, kMetadataName, *text, kPrivateFile);
  }
}

/// The new name is on the disk on return, or it is the old one.
void move_name(const Layout& layout, RenameLog& log, int directory, const std::string& from,
               const VolumeInfo& renamed) {
  const int volumes = layout.volumes.get();
  if (const int number = kernel::rename_exclusively(volumes, from, volumes, renamed.name); number != 0) {
    log.end(false);
    if (number == EEXIST) {
      throw taken_failure(from, renamed.name);
    }
    throw kernel::CallError{"rename", number};
  }
  try {
    kernel::sync(volumes);
    rewrite_metadata(directory, renamed);
  } catch (...) {
    // Not acknowledged, so it must not stay. If it cannot be taken back either, the caller knows of the failure.
    log.end(kernel::rename_exclusively(volumes, renamed.name, volumes, from) != 0);
    throw;
  }
  log.end(true);
}

}  // namespace

VolumeInfo rename_volume(const Layout& layout, const std::string& from, const std::string& to) {
  if (!model::is_valid_volume_name(to)) {
    throw bad_name_failure(kRenameVolume, to);
  }
  RenameLog log{layout};
  const KeptVolume volume{layout, from};
  VolumeInfo info = whole_info(layout, from);
  if (kernel::exists_at(layout.volumes.get(), to)) {
    throw taken_failure(from, to);
  }
  const VolumeChange away{layout, from};
  const VolumeChange here{layout, to};
  log.begin(from, to, volume.inode());
  info.name = to;
  info.mountpoint = layout.mountpoint(to);
  move_name(layout, log, volume.directory(), from, info);
  return info;
}

}  // namespace dunnage::volume
