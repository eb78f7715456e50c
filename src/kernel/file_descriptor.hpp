// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// An owned descriptor.

#include <unistd.h>

#include <utility>

namespace dunnage::kernel {

/// Closes what it owns. Every descriptor put in here was made close-on-exec by the call that made it.
class FileDescriptor {
 public:
  FileDescriptor() noexcept = default;
  explicit FileDescriptor(int fd) noexcept : fd_{fd} {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept {
    if (this != &other) {
      reset(std::exchange(other.fd_, -1));
    }
    return *this;
  }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  void reset(int fd = -1) noexcept {
    if (const int old = std::exchange(fd_, fd); old >= 0) {
      (void)::close(old);  // Linux frees the number even when close fails; nobody could use the answer
    }
  }

 private:
  int fd_ = -1;
};

}  // namespace dunnage::kernel
