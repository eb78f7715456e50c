// SPDX-License-Identifier: Apache-2.0
#include "kernel/loop_device.hpp"

#include "kernel/call_error.hpp"
#include "kernel/files.hpp"

#include <gsl/util>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <optional>
#include <thread>

namespace dunnage::kernel {
namespace {

FileDescriptor open_or_throw(const std::string& path, int flags, const char* what) {
  FileDescriptor fd{::open(path.c_str(), flags | O_CLOEXEC)};
  if (!fd) {
    throw CallError{what, errno};
  }
  return fd;
}

/// Keeps two processes from giving one file two devices.
void lock(int image) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
  while (::flock(image, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK || std::chrono::steady_clock::now() > deadline) {
      throw CallError{"lock the file of the volume", errno};
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

std::optional<BlockDevice> find_device(const struct stat& image, int flags) {
  const FileDescriptor directory = open_or_throw("/sys/block", O_RDONLY | O_DIRECTORY, "open /sys/block");
  for (const std::string& name : names_in(directory.get())) {
    if (!name.starts_with("loop") || !exists_at(directory.get(), name + "/loop")) {
      continue;
    }
    std::string path = "/dev/" + name;
    FileDescriptor device{::open(path.c_str(), flags | O_CLOEXEC)};
    loop_info64 info{};
    if (device && ::ioctl(device.get(), LOOP_GET_STATUS64, &info) == 0 && info.lo_inode == image.st_ino &&
        info.lo_device == image.st_dev && info.lo_offset == 0 && info.lo_sizelimit == 0) {
      return BlockDevice{std::move(device), std::move(path)};
    }
  }
  return std::nullopt;
}

BlockDevice make_device(int image, bool read_only, int flags) {
  const FileDescriptor control = open_or_throw("/dev/loop-control", O_RDWR, "open /dev/loop-control");
  constexpr int kAttempts = 32;  // another process may be faster with the device that is free
  int number = EBUSY;
  for (int attempt = 0; attempt < kAttempts && number == EBUSY; ++attempt) {
    const int index = ::ioctl(control.get(), LOOP_CTL_GET_FREE);
    if (index < 0) {
      throw CallError{"find a free loop device", errno};
    }
    std::string path = "/dev/loop" + std::to_string(index);
    FileDescriptor device = open_or_throw(path, flags, "open a loop device");
    loop_config config{};
    config.fd = static_cast<__u32>(image);
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    config.info.lo_flags |= read_only ? static_cast<unsigned>(LO_FLAGS_READ_ONLY) : 0U;
    if (::ioctl(device.get(), LOOP_CONFIGURE, &config) == 0) {
      return {std::move(device), std::move(path)};
    }
    number = errno;
  }
  throw CallError{"set up a loop device", number};
}

}  // namespace

BlockDevice block_device_of(int image, bool read_only) {
  const int flags = read_only ? O_RDONLY : O_RDWR;
  const struct stat status = status_of(image);
  if (!S_ISREG(status.st_mode)) {
    throw CallError{"the device of the volume is neither a disk nor a file", ENOTBLK};
  }
  lock(image);
  // the loop device keeps this very description open, and with it a lock that is not given back
  const auto unlock = gsl::finally([&] { (void)::flock(image, LOCK_UN); });
  auto found = find_device(status, flags);
  return found ? std::move(*found) : make_device(image, read_only, flags);
}

bool has_block_device(int image) { return find_device(status_of(image), O_RDONLY).has_value(); }

bool await_no_block_device(int image) {
  constexpr auto kPatience = std::chrono::seconds{5};
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (has_block_device(image)) {
    if (std::chrono::steady_clock::now() > deadline) {
      return false;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return true;
}

void keep_from_devices(int image) {
  lock(image);
  if (!await_no_block_device(image)) {
    throw CallError{"wait until nobody has the file mounted", EBUSY};
  }
}

void take_new_size(const BlockDevice& device) {
  if (::ioctl(device.held.get(), LOOP_SET_CAPACITY) != 0) {
    throw CallError{"give the loop device its new size", errno};
  }
}

BlockDevice open_block_device(const std::filesystem::path& path, bool read_only) {
  const int flags = read_only ? O_RDONLY : O_RDWR;
  FileDescriptor image = open_or_throw(path.string(), flags | O_NONBLOCK, "open the device of the volume");
  const struct stat status = status_of(image.get());
  return S_ISBLK(status.st_mode) ? BlockDevice{std::move(image), path.string()}
                                 : block_device_of(image.get(), read_only);
}

}  // namespace dunnage::kernel
