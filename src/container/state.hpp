// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What a Container handle owns.

#include <dunnage/container.hpp>

#include "container/kept_record.hpp"
#include "container/running.hpp"
#include "kernel/guarded_value.hpp"
#include "prepare/state.hpp"
#include "volume/renames.hpp"

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace dunnage {
namespace container {

/// What a container was given.
struct Storage {
  std::shared_ptr<const MountPlan> plan;  ///< never null; containers of one template share it
  std::vector<AnonymousVolume> anonymous;
  std::vector<volume::KnownVolume> volumes{};  ///< where renames count from, if not from the beginning
};

}  // namespace container

struct Container::State {
  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  /// With Lifetime::WithHost, and if this handle launched it: kills it and waits for its end.
  ~State();

  /// The present run; restart() puts another one in its place.
  [[nodiscard]] std::shared_ptr<container::Running> run() const { return run_.get(); }
  void set_run(std::shared_ptr<container::Running> run) { run_.set(std::move(run)); }
  /// A copy, with the present names of volumes: a restart may change it while somebody reads it.
  [[nodiscard]] container::Storage storage() const;
  void set_storage(container::Storage storage) { storage_.set(std::move(storage)); }

  std::string id;
  std::string name;
  bool recorded = false;
  std::atomic<bool> owned = false;  ///< it ends with this handle
  int stop_signal = SIGTERM;
  std::string working_directory = "/";
  std::string user;  ///< `uid:gid` in numbers
  Environment env;   ///< as the program got it
  std::uint64_t capabilities = 0;
  bool no_new_privileges = true;
  Seccomp seccomp;
  std::vector<std::uint32_t> groups;
  std::optional<LaunchSpec> spec;  ///< for restart(), but for the mounts; absent if a record does not hold it
  std::filesystem::path store;
  bool lives_with_another = false;    ///< it ends with the program that launched it, which is another process
  Rootfs rootfs = Rootfs::host();     ///< for the names of users exec() is given
  std::string image_id;               ///< empty without an image
  std::mutex restarting;              ///< held by a restart, which is one at a time
  container::KeptRecord kept_record;  ///< guarded by it

 private:
  kernel::GuardedValue<std::shared_ptr<container::Running>> run_;
  kernel::GuardedValue<container::Storage> storage_{{std::make_shared<const MountPlan>(), {}}};
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
