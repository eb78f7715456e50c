// SPDX-License-Identifier: Apache-2.0
#include "kernel/loop_device.hpp"

#include "kernel/call_error.hpp"
#include "kernel/file_system_kind.hpp"
#include "kernel/files.hpp"
#include "kernel/timed_call.hpp"

#include <gsl/util>

#include <fcntl.h>
#include <linux/loop.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
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

/// What does not change of a file, so that nobody is asked.
struct Image {
  bool is_file;
  bool is_device;
  std::uint64_t device;
  std::uint64_t inode;
  bool waits;
};

Image look_at(int image) {
  struct statx status {};
  constexpr int kWithoutAsking = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(image, "", kWithoutAsking, STATX_TYPE | STATX_INO, &status) != 0) {
    throw CallError{"statx", errno};
  }
  return {.is_file = S_ISREG(status.stx_mode),
          .is_device = S_ISBLK(status.stx_mode),
          .device = makedev(status.stx_dev_major, status.stx_dev_minor),
          .inode = status.stx_ino,
          .waits = status.stx_dev_major == 0 && may_wait_for_others(image)};
}

/// 0 or an errno. The kernel looks at the file once more.
int status_of_loop(int device, loop_info64& info, bool waits) {
  return waits ? -TimedCalls::control(device, LOOP_GET_STATUS64, &info, sizeof info)
         : ::ioctl(device, LOOP_GET_STATUS64, &info) == 0 ? 0
                                                          : errno;
}

std::optional<BlockDevice> find_device(const Image& image, int flags) {
  const FileDescriptor directory = open_or_throw("/sys/block", O_RDONLY | O_DIRECTORY, "open /sys/block");
  for (const std::string& name : names_in(directory.get())) {
    if (!name.starts_with("loop") || !exists_at(directory.get(), name + "/loop")) {
      continue;
    }
    std::string path = "/dev/" + name;
    FileDescriptor device{::open(path.c_str(), flags | O_CLOEXEC)};
    loop_info64 info{};
    if (device && status_of_loop(device.get(), info, image.waits) == 0 && info.lo_inode == image.inode &&
        info.lo_device == image.device && info.lo_offset == 0 && info.lo_sizelimit == 0) {
      return BlockDevice{std::move(device), std::move(path), image.waits};
    }
  }
  return std::nullopt;
}

int configure_loop(int device, int image, loop_config& config, bool waits) {
  return waits ? -TimedCalls::control(device, LOOP_CONFIGURE, &config, sizeof config, image)
         : ::ioctl(device, LOOP_CONFIGURE, &config) == 0 ? 0
                                                         : errno;
}

BlockDevice make_device(int image, bool read_only, int flags, bool waits) {
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
    number = configure_loop(device.get(), image, config, waits);
    if (number == 0) {
      return {std::move(device), std::move(path), waits};
    }
  }
  throw CallError{"set up a loop device", number};
}

}  // namespace

BlockDevice block_device_of(int image, bool read_only) {
  const int flags = read_only ? O_RDONLY : O_RDWR;
  const Image status = look_at(image);
  if (!status.is_file) {
    throw CallError{"the device of the volume is neither a disk nor a file", ENOTBLK};
  }
  lock(image);
  // the loop device keeps this very description open, and with it a lock that is not given back
  const auto unlock = gsl::finally([&] { (void)::flock(image, LOCK_UN); });
  auto found = find_device(status, flags);
  return found ? std::move(*found) : make_device(image, read_only, flags, status.waits);
}

bool has_block_device(int image) { return find_device(look_at(image), O_RDONLY).has_value(); }

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

namespace {

/// Whoever serves it hears of that it is opened.
FileDescriptor open_image(const std::string& path, int flags) {
  constexpr const char* kCall = "open the device of the volume";
  const FileDescriptor found{open_in_time(AT_FDCWD, path.c_str(), O_PATH, 0)};
  if (!found) {
    throw CallError{kCall, -found.get()};
  }
  if (!may_wait_for_others(found.get())) {
    return open_or_throw(path, flags, kCall);
  }
  FileDescriptor image{open_served_in_time(AT_FDCWD, path.c_str(), static_cast<unsigned>(flags), 0)};
  if (!image) {
    throw CallError{kCall, -image.get()};
  }
  return image;
}

}  // namespace

BlockDevice open_block_device(const std::filesystem::path& path, bool read_only) {
  const int flags = read_only ? O_RDONLY : O_RDWR;
  FileDescriptor image = open_image(path.string(), flags | O_NONBLOCK);
  return look_at(image.get()).is_device ? BlockDevice{std::move(image), path.string()}
                                        : block_device_of(image.get(), read_only);
}

}  // namespace dunnage::kernel
