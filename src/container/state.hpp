// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a Container handle owns.

#include <dunnage/container.hpp>

#include "container/running.hpp"
#include "prepare/state.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace dunnage {

struct Container::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  /// With Lifetime::WithHost, and if this handle launched it: kills it and waits for its end.
  ~State();

  /// The present run; restart() puts another one in its place.
  [[nodiscard]] std::shared_ptr<container::Running> run() const;
  void set_run(std::shared_ptr<container::Running> run);

  std::string id;
  std::string name;
  MountPlan plan;
  bool recorded = false;
  bool owned = false;  ///< it ends with this handle
  int stop_signal = SIGTERM;
  std::string working_directory = "/";
  std::string user;       ///< `uid:gid` in numbers
  Environment env;        ///< as the program got it
  std::uint64_t capabilities = 0;
  bool no_new_privileges = true;
  std::vector<std::uint32_t> groups;
  std::optional<LaunchSpec> spec;  ///< for restart(); absent in handles made by a store
  std::vector<AnonymousVolume> anonymous;
  std::string rootfs;  ///< Rootfs::to_string(), for the names of users exec() is given

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<container::Running> run_;
};

struct Process::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State();
  std::shared_ptr<container::Running> run;
};

/// What the layers around may do with handles.
class ContainerAccess {
 public:
  using ContainerState = Container::State;
  using ProcessState = Process::State;
  [[nodiscard]] static Container make(std::shared_ptr<ContainerState> state) { return Container{std::move(state)}; }
  [[nodiscard]] static Process make(std::shared_ptr<ProcessState> state) { return Process{std::move(state)}; }
  [[nodiscard]] static ContainerState& state(Container& container) noexcept { return *container.state_; }
  [[nodiscard]] static const ContainerState& state(const Container& container) noexcept { return *container.state_; }
};

}  // namespace dunnage
