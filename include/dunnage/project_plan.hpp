// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// What it takes to bring a project up or down, as a value one can read before anything happens.
///
///     const dunnage::ProjectPlan plan = project.plan_up();
///     std::cout << plan;                                   // every step, and why
///     plan.apply();                                        // checked again, then done
///
/// Computing a plan needs no right to write and changes nothing, not even a store that is not there. apply() looks
/// again first: what has changed since is a refusal, before anything is done. Steps that destroy data are listed apart,
/// and apply() refuses a plan that has some unless ApplyOptions::destroy_data says so. What a container wrote to its
/// own root file system goes with it, as ever, and is not listed: what shall stay belongs into a volume or a bind
/// mount.
///
/// Containers of a project are detached: they outlive this process, and later processes find them by the labels that
/// Compose gives (`com.docker.compose.project`, `.service`, `.container-number`, `.config-hash`, ...). A plan is about
/// this user's store. There is no daemon: nothing starts a container again after the machine has been down, so
/// `unless-stopped` is `always`, and a health check is run while somebody waits for its answer and at no other time.
/// There is no network between containers either: they share volumes, sockets on them, or the host's network.
///
/// Throws: LaunchError for what the project asks and cannot be (a volume or an image that is not there, a name that is
/// taken, ...), VolumeError(store_unusable), and the other errors of the stores.
/// Thread safety: values; apply() may be called from any thread, and two at once for one project are told apart by what
/// they find (the second is refused, or fails with the name of what is there already).

#include <dunnage/container_store.hpp>
#include <dunnage/error.hpp>
#include <dunnage/export.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/project.hpp>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace dunnage {

/// `docker compose up`, and with `create` off `docker compose start`.
struct UpOptions {
  std::vector<std::string> services{};      ///< these and what they depend on; empty: all
  std::map<std::string, unsigned> scale{};  ///< by service, over what the files say
  bool dependencies = true;                 ///< false: `services` alone; `--no-deps`
  bool create = true;                       ///< false: only start containers that are there
  /// Of `services` themselves only images and volumes are seen to, and what they wait for is waited for: before `run`.
  bool prepare = false;
  bool recreate = false;                 ///< also containers of `services` that are up to date; `--force-recreate`
  bool recreate_dependencies = false;    ///< likewise of what they depend on; `--always-recreate-deps`
  bool no_recreate = false;              ///< keep containers whatever has changed
  bool renew_anonymous_volumes = false;  ///< of recreated containers, which get those of their predecessor else
  bool remove_orphans = false;           ///< containers of services the project no longer has
  bool recreate_volumes = false;         ///< volumes of the project that were made by another configuration
  bool wait = false;                     ///< until services with a health check are healthy; `--wait`
  std::optional<PullPolicy> pull{};      ///< instead of what the services say; `--pull`
  std::optional<std::chrono::milliseconds> grace{};  ///< of containers that are stopped; none: the service's
  std::filesystem::path store{};                     ///< empty: default_store()
  friend bool operator==(const UpOptions&, const UpOptions&) = default;
};

/// `docker compose down`, and with `remove` off `docker compose stop`.
struct DownOptions {
  std::vector<std::string> services{};               ///< these alone; empty: all
  bool remove = true;                                ///< false: containers are stopped and stay
  bool volumes = false;                              ///< anonymous ones, and named ones that are not external
  bool remove_orphans = false;                       ///< containers of services the project no longer has
  std::optional<std::chrono::milliseconds> grace{};  ///< before what does not stop is killed; none: the service's
  std::filesystem::path store{};                     ///< empty: default_store()
  friend bool operator==(const DownOptions&, const DownOptions&) = default;
};

/// One thing that is done, or deliberately left.
struct DUNNAGE_API ProjectStep {
  enum class Kind {
    PullImage,
    CreateVolume,
    KeepVolume,
    RecreateVolume,
    RemoveVolume,
    CreateContainer,
    KeepContainer,
    StartContainer,     ///< one that is there and does not run
    RestartContainer,   ///< because of another one: `depends_on: {...: {restart: true}}`
    RecreateContainer,  ///< its place is taken by a new one, which gets its anonymous volumes
    StopContainer,
    RemoveContainer,
  };
  Kind kind = Kind::KeepContainer;
  std::string subject{};               ///< name of the container or volume in the store, or of the image
  std::string service{};               ///< the service, or the volume's key in the files; may be empty
  unsigned number = 0;                 ///< of a container, from 1
  std::vector<std::string> changed{};  ///< the fields that differ: "image", "environment.PORT", "volumes"
  std::vector<std::string> reasons{};  ///< in sentences
  std::vector<std::string> lost{};     ///< names of the volumes whose data this destroys

  [[nodiscard]] bool changes_something() const noexcept {
    return kind != Kind::KeepVolume && kind != Kind::KeepContainer;
  }
  /// "recreate container shop-web-1: changed: environment.PORT"
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ProjectStep&, const ProjectStep&) = default;
};

/// "create", "keep", "recreate", "remove", "pull", "start", "restart", "stop"
[[nodiscard]] DUNNAGE_API std::string_view to_string(ProjectStep::Kind kind) noexcept;

/// What apply() tells while it works.
struct ApplyEvent {
  enum class Phase { Begin, End, Failure, Waiting };
  Phase phase = Phase::Begin;
  ProjectStep step{};
  std::string text{};  ///< of a failure its sentence; of waiting what for
};

struct ApplyOptions {
  bool destroy_data = false;  ///< the word without which a plan with data_loss() is refused
  unsigned parallel = 8;      ///< services at once, at most
  /// Called by one thread at a time, not always the caller's. It must not throw and must not call the library.
  std::function<void(const ApplyEvent&)> event{};
  /// Of images that are fetched. `stop` and `deadline` hold for all of apply(): what has begun is finished, nothing
  /// else is begun.
  Watch watch{};
};

/// A plan failed on its way. What was done stays done; what() names it, and what was not.
class DUNNAGE_API ApplyError : public Error {
 public:
  ApplyError(ErrorInfo info, std::vector<ProjectStep> done, std::vector<ProjectStep> undone);
  ~ApplyError() override;
  [[nodiscard]] const std::vector<ProjectStep>& done() const noexcept { return state_->done; }
  [[nodiscard]] const std::vector<ProjectStep>& undone() const noexcept { return state_->undone; }

 private:
  struct State {
    std::vector<ProjectStep> done, undone;
  };
  std::shared_ptr<const State> state_;
};

/// An immutable value, in the order in which it is done; what does not depend on each other is done at once.
class DUNNAGE_API ProjectPlan {
 public:
  [[nodiscard]] const std::string& project() const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return steps_.size(); }
  [[nodiscard]] bool empty() const noexcept { return steps_.empty(); }
  [[nodiscard]] auto begin() const noexcept { return steps_.begin(); }
  [[nodiscard]] auto end() const noexcept { return steps_.end(); }
  [[nodiscard]] const std::vector<ProjectStep>& steps() const noexcept { return steps_; }
  /// Whether applying it would change anything.
  [[nodiscard]] bool changes_something() const noexcept;
  /// The steps that destroy data.
  [[nodiscard]] std::vector<ProjectStep> data_loss() const;

  /// Looks again, and does it. Services are worked on in the order of their dependencies, independent ones at once, in
  /// threads that end with the call. Waits for what `depends_on` wants: started, healthy (its health check is run as
  /// often as it says), or completed successfully.
  /// Throws: LaunchError [EAGAIN] if the plan is no longer what would be planned, LaunchError [EPERM] for data_loss()
  /// without destroy_data, both before anything is done; ApplyError afterwards.
  void apply(const ApplyOptions& options = {}) const;

  /// A table: what, whose, why; and what is lost.
  [[nodiscard]] std::string to_string() const;
  /// {"Project", "Direction", "Steps": [{"Action", "Kind", "Subject", ...}], "DataLoss": [...]}
  [[nodiscard]] std::string to_json() const;
  friend DUNNAGE_API bool operator==(const ProjectPlan& left, const ProjectPlan& right);

 private:
  friend class Project;
  using Options = std::variant<UpOptions, DownOptions>;
  ProjectPlan(Project project, Options options);

  Project project_;
  Options options_;
  std::vector<ProjectStep> steps_;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const ProjectPlan& plan);

/// The containers of a project by its name, sorted by service and number; those of `run` come last.
/// A store that is not there has none and is not made. \param store empty: default_store()
[[nodiscard]] DUNNAGE_API std::vector<ContainerInfo> project_containers(std::string_view project,
                                                                        const std::filesystem::path& store = {});

/// A one-off container of a service, as `docker compose run` makes it: the service's configuration and mounts, with a
/// name of its own (`shop-web-run-1a2b3c4d5e6f`) and the label `com.docker.compose.oneoff`; it is not restarted. To be
/// changed further (arguments, streams) and launched. The volumes it needs are there after plan_up().apply() of what it
/// depends on. Throws: ProjectError for a name the project does not have.
[[nodiscard]] DUNNAGE_API LaunchSpec one_off_spec(const Project& project, std::string_view service,
                                                  const std::filesystem::path& store = {});

/// A line that a container of a project wrote.
struct ProjectLogLine {
  std::string container{};  ///< name of the container
  LogEntry::Stream stream = LogEntry::Stream::Out;
  std::chrono::system_clock::time_point time{};
  std::string text{};  ///< without its end
};

/// Calls `sink` for the lines of several containers, in the calling thread: the oldest first, or with `follow` as they
/// come, until all have ended. A line without an end comes when its container has ended. Reads in threads that end with
/// the call, whatever `sink` throws. Throws: as ContainerStore::logs().
DUNNAGE_API void project_logs(const ContainerStore& store, const std::vector<std::string>& containers,
                              const std::function<void(const ProjectLogLine&)>& sink, const LogOptions& options = {});

}  // namespace dunnage
