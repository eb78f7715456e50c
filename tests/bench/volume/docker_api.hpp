// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Docker's own daemon, with everything it keeps in one directory, and its API over a kept connection. Root only.
///
///     const DockerDaemon daemon{directory};             // containerd and dockerd; ended by the destructor
///     DockerApi api{daemon.socket()};
///     api.request("POST", "/volumes/create", R"({"Name":"v"})");

#include "kernel/file_descriptor.hpp"

#include <sys/types.h>

#include <cstddef>
#include <filesystem>
#include <string>

namespace dunnage::bench {

class DockerDaemon {
 public:
  /// Returns when the daemon answers. Throws: std::runtime_error if it is not installed or does not start.
  explicit DockerDaemon(const std::filesystem::path& directory);
  DockerDaemon(const DockerDaemon&) = delete;
  DockerDaemon& operator=(const DockerDaemon&) = delete;
  ~DockerDaemon();

  [[nodiscard]] const std::filesystem::path& socket() const noexcept { return socket_; }

 private:
  void wait_until_it_answers() const;

  std::filesystem::path directory_;
  std::filesystem::path socket_;
  pid_t containerd_ = -1;
  pid_t dockerd_ = -1;
};

class DockerApi {
 public:
  explicit DockerApi(const std::filesystem::path& socket);

  /// \return the body of the answer. Throws: std::runtime_error unless its status is one of success.
  std::string request(const std::string& method, const std::string& path, const std::string& body = {});

 private:
  std::string read_line();
  void read_bytes(std::size_t count, std::string& into);
  void fill();

  kernel::FileDescriptor socket_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what was received and not read yet
  std::size_t end_ = 0;
};

}  // namespace dunnage::bench
