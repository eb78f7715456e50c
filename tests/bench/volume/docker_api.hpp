// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The API of Docker's daemon over a kept connection.
///
///     DockerApi api{daemon.socket()};
///     api.request("POST", "/volumes/create", R"({"Name":"v"})");

#include "kernel/file_descriptor.hpp"

#include <cstddef>
#include <filesystem>
#include <string>

namespace dunnage::bench {

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
