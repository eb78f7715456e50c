// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Docker's own daemon, with everything it keeps in one directory. Root only.
///
///     const DockerDaemon daemon{directory};             // containerd and dockerd; ended by the destructor

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <filesystem>

namespace dunnage::bench {

/// A connection to a daemon's socket. Throws: std::runtime_error.
[[nodiscard]] kernel::FileDescriptor connect_to(const std::filesystem::path& socket);

class DockerDaemon {
 public:
  /// Returns when its socket can be connected to. Throws: std::runtime_error if it is not installed or does not start.
  explicit DockerDaemon(const std::filesystem::path& directory);
  DockerDaemon(const DockerDaemon&) = delete;
  DockerDaemon& operator=(const DockerDaemon&) = delete;
  ~DockerDaemon();

  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }

 private:
  void wait_until_it_listens() const;

  std::filesystem::path directory_;
  std::filesystem::path socket_;
  pid_t containerd_ = -1;
  pid_t dockerd_ = -1;
};

}  // namespace dunnage::bench
