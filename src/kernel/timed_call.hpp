// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// System calls on file systems that may never answer: FUSE, NFS and others whose server stands still. Each is made by
/// a process of its own, which can be given up, and has nothing of the host's but its memory and what the call is
/// about: as long as it waits, it keeps neither locks nor pipes.
///
///     const int fd = open_in_time(AT_FDCWD, "/mnt/share/data", O_PATH, RESOLVE_NO_SYMLINKS);  // or -ETIMEDOUT

#include <sys/stat.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace dunnage::kernel {

/// How long a file system has for each call.
inline constexpr std::chrono::seconds kPatience{10};

/// openat2(2) with O_PATH. What is in memory costs one call. O_CLOEXEC is added. Where there is no openat2(2), and no
/// bound in `resolve`, openat(2), which is waited for. \return the descriptor, or -errno
[[nodiscard]] int open_in_time(int directory, const char* path, std::uint64_t flags, std::uint64_t resolve) noexcept;
/// openat2(2) with other flags, where whoever serves it hears of that it is opened. \return the descriptor, or -errno
[[nodiscard]] int open_served_in_time(int directory, const char* path, std::uint64_t flags,
                                      std::uint64_t resolve) noexcept;

/// statx(2) of a path, links followed, as far as that there is an answer. 0 or -errno
[[nodiscard]] int look_in_time(const char* path, std::chrono::milliseconds patience) noexcept;

/// The calls by which whoever serves a directory or file is asked; launcher::DirectCalls makes them without a deadline.
/// Each member is 0 or a descriptor, or -errno.
struct TimedCalls {
  [[nodiscard]] static int open_at2(int directory, const char* path, std::uint64_t flags,
                                    std::uint64_t resolve) noexcept;
  /// statx(2) with AT_EMPTY_PATH.
  [[nodiscard]] static int look(int fd, unsigned mask, struct statx& status) noexcept;
  [[nodiscard]] static int make_directory(int parent, const char* name, mode_t mode) noexcept;
  /// Whatever it was opened with.
  [[nodiscard]] static int set_mode(int fd, mode_t mode) noexcept;
  [[nodiscard]] static int set_owner(int fd, uid_t uid, gid_t gid) noexcept;
  /// ioctl(2) with at most 512 bytes, which are written back. \param other  a descriptor it is about as well; -1: none
  [[nodiscard]] static int control(int fd, unsigned long request, void* data, std::size_t size,
                                   int other = -1) noexcept;
  /// fsconfig(2) with FSCONFIG_CMD_CREATE.
  [[nodiscard]] static int create_file_system(int context) noexcept;
};

}  // namespace dunnage::kernel
