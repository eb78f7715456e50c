// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The flags of `run` that say how the container is made, and the LaunchSpec they add up to.

#include "environment.hpp"
#include "image_flags.hpp"
#include "resource_flags.hpp"
#include "storage_flags.hpp"

#include <dunnage/container.hpp>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace cli {

struct LaunchFlags {
  StorageFlags storage{};
  std::vector<std::string> volumes_from{};
  EnvironmentFlags environment{};
  ImageFlags image{};
  ResourceFlags resources{};
  std::string rootfs{};
  bool host_rootfs = false;
  std::string name{};
  std::string working_directory{};
  std::string user{};
  std::vector<std::string> groups{};
  std::string hostname{};
  std::string network = "private";
  std::string restart = "no";
  std::string stop_signal{};
  std::vector<std::string> labels{};
  std::vector<std::string> add_capabilities{};
  std::vector<std::string> drop_capabilities{};
  std::vector<std::string> security{};
  bool read_only = false;
  bool remove = false;
  bool detach = false;
  bool timings = false;
  bool interactive = false;
  bool terminal = false;

  void add_to(CLI::App& command);
  /// Whether "/" is an image, which the first word after the options names.
  [[nodiscard]] bool has_image() const { return rootfs.empty() && !host_rootfs; }
  /// Everything but the image, the program, the store and, for a container in the foreground, its streams.
  /// Throws: dunnage::Error, std::invalid_argument.
  [[nodiscard]] dunnage::LaunchSpec launch_spec(const std::filesystem::path& store) const;

 private:
  void check() const;
};

}  // namespace cli
