// SPDX-License-Identifier: Apache-2.0
#include "volume/index_file.hpp"

#include "kernel/boot_id.hpp"
#include "kernel/call_error.hpp"
#include "kernel/files.hpp"
#include "kernel/open_beneath.hpp"
#include "volume/trash.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <utility>

namespace dunnage::volume {
namespace {

/// Empty where the kernel does not say: no index is made or believed then.
std::string this_boot() {
  try {
    return kernel::boot_id();
  } catch (const kernel::CallError&) {
    return {};
  }
}

}  // namespace

kernel::FileDescriptor open_index_file(int directory, const char* name, int flags) {
  auto file = kernel::open_beneath(directory, name, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode) || status.st_uid != ::geteuid() ||
      (status.st_mode & 077U) != 0 || status.st_nlink != 1) {
    return {};
  }
  return file;
}

std::optional<IndexPlace> index_place(const Layout& layout, int file) {
  struct stat directory {};
  struct stat status {};
  std::string boot = this_boot();
  if (boot.empty() || ::fstat(layout.volumes.get(), &directory) != 0 || ::fstat(file, &status) != 0) {
    return std::nullopt;
  }
  return IndexPlace{
      .boot = std::move(boot), .device = directory.st_dev, .volumes = directory.st_ino, .file = status.st_ino};
}

std::optional<ChangeTime> change_time_of(const Layout& layout) {
  struct stat status {};
  return ::fstat(layout.volumes.get(), &status) == 0 ? std::optional{ChangeTime::of(status)} : std::nullopt;
}

std::optional<IndexLog> read_log_file(int file) {
  std::string bytes(4096, '\0');
  std::size_t used = 0;
  while (true) {
    const ssize_t got = ::pread(file, bytes.data() + used, bytes.size() - used, static_cast<off_t>(used));
    if (got < 0) {
      return std::nullopt;
    }
    used += static_cast<std::size_t>(got);
    if (used < bytes.size()) {
      return read_log(std::string_view{bytes}.substr(0, used));
    }
    if (used > launcher::kMostVolumeLogBytes) {
      return std::nullopt;
    }
    bytes.resize(bytes.size() * 2);
  }
}

bool append_record(int log, const launcher::VolumeLogRecord& record) noexcept {
  struct stat status {};
  return ::write(log, static_cast<const char*>(record.bytes), record.size) == static_cast<ssize_t>(record.size) &&
         ::fstat(log, &status) == 0 && static_cast<std::size_t>(status.st_size) <= launcher::kMostVolumeLogBytes;
}

bool read_exactly(int file, char* into, std::size_t size) noexcept {
  while (size > 0) {
    const ssize_t got = ::read(file, into, size);
    if (got <= 0) {
      return false;
    }
    into += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

bool can_hold_index(const Layout& layout) noexcept {
  constexpr unsigned kXfs = 0x58465342;
  constexpr unsigned kZfs = 0x2fc12fc1;
  constexpr unsigned kBcachefs = 0xca451a4e;
  constexpr std::array kLocal{unsigned{EXT4_SUPER_MAGIC},
                              unsigned{BTRFS_SUPER_MAGIC},
                              unsigned{TMPFS_MAGIC},
                              unsigned{F2FS_SUPER_MAGIC},
                              unsigned{OVERLAYFS_SUPER_MAGIC},
                              kXfs,
                              kZfs,
                              kBcachefs};
  struct statfs status {};
  return ::fstatfs(layout.volumes.get(), &status) == 0 &&
         std::find(kLocal.begin(), kLocal.end(), static_cast<unsigned>(status.f_type)) != kLocal.end();
}

void put_index_away(const Layout& layout) {
  const auto trash = layout.open_trash();
  if (const auto trashed = move_to_trash(layout.root.get(), launcher::kVolumeIndex, trash.get())) {
    delete_from_trash(trash.get(), *trashed);
  }
}

}  // namespace dunnage::volume
