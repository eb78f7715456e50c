// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What is measured of Docker's API, with many volumes.

#include "bench/docker_daemon.hpp"
#include "bench/volume/docker_api.hpp"
#include "bench/volume/rounds.hpp"
#include "support/temporary_directory.hpp"

#include <string>
#include <vector>

namespace dunnage::bench {

/// Stays where it is: its rows know it.
class DockerSubject {
 public:
  /// Throws: std::runtime_error if there is no Docker.
  explicit DockerSubject(int count);
  DockerSubject(const DockerSubject&) = delete;
  DockerSubject& operator=(const DockerSubject&) = delete;

  void add_rows(std::vector<Row>& rows);

 private:
  void make(const std::string& name, const char* tier);
  void remove();
  double list(const std::string& query, int expected);

  int count_;
  test::TemporaryDirectory directory_;
  DockerDaemon daemon_{directory_.path()};
  DockerApi api_{daemon_.socket()};
  int number_ = 0;
};

}  // namespace dunnage::bench
