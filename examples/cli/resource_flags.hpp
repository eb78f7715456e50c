// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Docker's flags about what a container may use. As there, 0 says nothing and -1 that there is no limit.

#include <dunnage/resources.hpp>

#include <CLI/CLI.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cli {

struct ResourceFlags {
  std::string memory{};
  std::string memory_swap{};
  std::string memory_reservation{};
  std::int64_t pids = 0;
  double cpus = 0;
  std::int64_t cpu_quota = 0;
  std::int64_t cpu_period = 0;
  std::int64_t cpu_shares = 0;
  std::string cpuset_cpus{};
  std::string cpuset_mems{};
  std::int64_t blkio_weight = 0;
  std::vector<std::string> device_read_bps{};
  std::vector<std::string> device_write_bps{};
  std::vector<std::string> device_read_iops{};
  std::vector<std::string> device_write_iops{};
  bool statistics = false;

  /// Those that `update` has as well.
  void add_to(CLI::App& command);
  void add_devices_to(CLI::App& command);
  /// Throws: dunnage::Error, std::invalid_argument.
  [[nodiscard]] dunnage::Resources resources() const;
};

}  // namespace cli
