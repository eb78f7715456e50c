// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A Compose project as a value: what its files say, merged, interpolated and checked. Loading starts nothing.
///
///     const auto project = dunnage::Project::load({.files = {"compose.yaml"}});
///     for (const auto& note : project.notes()) std::cerr << note.to_string() << '\n';
///     std::cout << project.to_yaml();                       // what `docker compose config` prints
///     std::cout << project.plan_up();                       // project_plan.hpp: what would happen, and why
///
/// The rules are those of the Compose specification and of its reference loader. What the specification has and this
/// library cannot do is never dropped: it stays in to_yaml(), and notes() names it with file, line and column.
///
/// A project file is untrusted input. What reaches beyond the project's directory has to be granted by the caller
/// (ProjectGrants); a file that asks for more is refused as a whole, at the place that asks.
///
/// The name of an untrusted project is the caller's to give (ProjectSource::name): with a name of its own choice it
/// could take over the volumes of another one. A bind's source is checked when the project is loaded; a link that is
/// put there later is not seen.
///
/// What differs from Docker Compose on purpose: `volumes_from: [NAME:ro]` is read-only; a text of `command` that goes
/// on behind an unquoted `;`, `&`, `|`, `<` or `>` is cut there as Compose cuts it, and a note says so; a plain date is
/// a text; a restart policy that no engine knows is refused.
///
/// Sizes: 1 MiB a file, 16 MiB of text altogether, 100 files, 100,000 nodes, 64 levels, 1,000 services: more is
/// refused. Throws: ProjectError everywhere, with the file, its line and column, and a caret under the part in
/// question. Thread safety: values.

#include <dunnage/container.hpp>
#include <dunnage/environment.hpp>
#include <dunnage/error.hpp>
#include <dunnage/export.hpp>
#include <dunnage/image.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/spec.hpp>
#include <dunnage/volume.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

class ProjectPlan;
struct UpOptions;
struct DownOptions;

/// What a project may ask of the host besides its own directory. The default is nothing.
struct DUNNAGE_API ProjectGrants {
  bool host_paths = false;      ///< paths outside of it: binds, secrets, configs, profiles, env files, includes
  bool environment = false;     ///< variables of this process: in `${NAME}`, in `environment: [NAME]`, as secrets
  bool devices = false;         ///< `devices`, and devices in `driver_opts`
  bool driver_options = false;  ///< `driver` and `driver_opts` of volumes
  bool privileges = false;      ///< `privileged`, `cap_add`, `security_opt` that loosens, namespaces of the host
  bool external = false;        ///< volumes of others: `external`, a volume's `name`, `volumes_from: [container:NAME]`

  /// For somebody who runs a file of one's own.
  [[nodiscard]] static ProjectGrants all() noexcept;
  friend bool operator==(const ProjectGrants&, const ProjectGrants&) = default;
};

/// Where a project comes from. With neither files nor text: find_project_files() in `directory`.
struct ProjectSource {
  std::vector<std::filesystem::path> files{};  ///< merged in this order, each over those before it
  std::optional<std::string> text{};           ///< instead of files; named `compose.yaml` in messages
  std::filesystem::path directory{};           ///< of the project; empty: of the first file, else the current one
  std::string name{};                          ///< of the project; empty: `COMPOSE_PROJECT_NAME`, the files' `name:`,
                                               ///< the directory's name made fit, in this order
  std::vector<std::string> profiles{};         ///< besides `COMPOSE_PROFILES`; "*" is all of them
  std::vector<std::filesystem::path> env_files{};  ///< empty: `.env` in the directory, if there is one
  std::optional<Environment> environment{};        ///< none: that of this process, if granted
  bool interpolate = true;                         ///< false: `${NAME}` stays as it is written
  ProjectGrants grants{};
};

/// `compose.yaml`, `compose.yml`, `docker-compose.yaml`, `docker-compose.yml`, and the override beside it, in
/// `directory` or the nearest one above it. Empty if there is none.
[[nodiscard]] DUNNAGE_API std::vector<std::filesystem::path> find_project_files(const std::filesystem::path& directory);

/// A place in a project's files, 1-based.
struct ProjectPlace {
  std::string file{};
  std::size_t line = 0;
  std::size_t column = 0;
  friend bool operator==(const ProjectPlace&, const ProjectPlace&) = default;
};

/// Something a reader of the files should know.
struct DUNNAGE_API ProjectNote {
  enum class Kind {
    Unsupported,  ///< the specification has it, and this library does not do it
    Warning,      ///< deprecated, without effect, or probably not meant
  };
  Kind kind = Kind::Warning;
  std::string path{};  ///< "services.web.ports"
  ProjectPlace place{};
  std::string text{};  ///< a sentence

  /// "compose.yaml:7:5: services.web.ports: …"
  [[nodiscard]] std::string to_string() const;
  friend bool operator==(const ProjectNote&, const ProjectNote&) = default;
};

/// `depends_on`.
struct ServiceDependency {
  enum class Condition { Started, Healthy, CompletedSuccessfully };
  Condition condition = Condition::Started;
  bool restart = false;  ///< restarted when the other one is recreated or restarted by the project
  bool required = true;  ///< false: only if the other one is part of the project as it is used
  friend bool operator==(const ServiceDependency&, const ServiceDependency&) = default;
};

/// A config or secret in a service. Owner and mode are given to those that are a content or a variable; a file of the
/// host keeps its own, as with Docker Compose, and a note says so.
struct ServiceFile {
  std::string source{};                               ///< key in Project::configs() or secrets()
  std::string target{};                               ///< absolute
  std::optional<std::uint32_t> uid{}, gid{}, mode{};  ///< ids of the container; 0, 0 and 0444 if there is none
  friend bool operator==(const ServiceFile&, const ServiceFile&) = default;
};

/// What this library does of a service, ready to use: paths absolute, defaults of the specification filled in. All of
/// what the files say is in Project::to_yaml().
struct DUNNAGE_API Service {
  std::string name{};
  std::string image{};
  PullPolicy pull = PullPolicy::Missing;
  std::string container_name{};                                     ///< empty: PROJECT-SERVICE-NUMBER
  std::optional<std::vector<std::string>> command{};                ///< none: the image's
  std::optional<std::vector<std::string>> entrypoint{};             ///< none: the image's
  std::map<std::string, std::optional<std::string>> environment{};  ///< env files included; no value: removed
  std::string working_dir{};
  std::string user{};
  std::vector<std::string> group_add{};
  std::string hostname{};
  Labels labels{};
  std::vector<SpecMount> volumes{};  ///< `volumes` and `tmpfs`, in the order of the file
  std::vector<SpecVolumesFrom> volumes_from{};
  std::vector<ServiceFile> configs{};
  std::vector<ServiceFile> secrets{};
  bool read_only = false;
  std::map<std::string, std::string> storage_opt{};  ///< checked at the launch: RootChanges::parse_storage_option()
  bool tty = false;
  bool stdin_open = false;
  bool init = false;
  bool host_network = false;  ///< `network_mode: host`
  bool no_new_privileges = false;
  std::vector<std::string> cap_add{};
  std::vector<std::string> cap_drop{};
  Seccomp seccomp{};  ///< `security_opt: [seccomp=…]`; a file is not read before the launch
  /// `mem_limit`, `pids_limit`, `cpus`, `blkio_config` and the like, and `deploy.resources`; checked at the launch.
  Resources resources{};
  std::string restart = "no";  ///< "no", "always", "on-failure[:N]", "unless-stopped"
  std::string stop_signal{};
  std::optional<std::chrono::nanoseconds> stop_grace_period{};  ///< none: 10 s
  unsigned scale = 1;                                           ///< `deploy.replicas` or `scale`
  std::optional<Healthcheck> healthcheck{};                     ///< none: the image's; test {"NONE"}: none at all
  std::map<std::string, ServiceDependency> depends_on{};        ///< implicit ones (volumes_from, …) included
  std::vector<std::string> profiles{};
  std::optional<std::string> rootfs{};  ///< this library's `x-dunnage: {rootfs: host|PATH}`, instead of an image

  friend bool operator==(const Service&, const Service&) = default;
};

/// A volume at the top level.
using ProjectVolume = ComposeVolume;

/// A config or secret at the top level. Exactly one of file, content, environment, or external.
struct ProjectFile {
  std::string name{};
  std::optional<std::filesystem::path> file{};  ///< absolute
  std::optional<std::string> content{};  ///< after interpolation; for `environment`, the variable's value, if set
  std::string environment{};             ///< the variable the content is from
  bool external = false;
  Labels labels{};
  friend bool operator==(const ProjectFile&, const ProjectFile&) = default;
};

/// A project. Cheap to copy; copies share what was loaded.
class DUNNAGE_API Project {
 public:
  [[nodiscard]] static Project load(const ProjectSource& source);

  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const std::filesystem::path& directory() const noexcept;
  /// The files it was loaded from, absolute, without those they include.
  [[nodiscard]] const std::vector<std::filesystem::path>& files() const noexcept;
  /// Those that are enabled by the profiles, by name.
  [[nodiscard]] const std::map<std::string, Service>& services() const noexcept;
  /// Those that no profile enables, by name, with the profiles that would. They are no part of plans, and what they
  /// left in the store stays: they are no orphans.
  [[nodiscard]] const std::map<std::string, std::vector<std::string>>& disabled_services() const noexcept;
  /// Throws: ProjectError with the nearest name, or the profile that enables it.
  [[nodiscard]] const Service& service(std::string_view name) const;
  /// All that are declared, by key. Compose creates those that a service uses, and removes all.
  [[nodiscard]] const std::map<std::string, ProjectVolume>& volumes() const noexcept;
  [[nodiscard]] const std::map<std::string, ProjectFile>& configs() const noexcept;
  [[nodiscard]] const std::map<std::string, ProjectFile>& secrets() const noexcept;
  [[nodiscard]] const std::vector<ProjectNote>& notes() const noexcept;
  /// Services in an order in which each comes after those it depends on.
  [[nodiscard]] std::vector<std::string> start_order() const;

  /// The whole of it in canonical form, as `docker compose config` prints it.
  [[nodiscard]] std::string to_yaml() const;
  /// As `docker compose config --format json`.
  [[nodiscard]] std::string to_json() const;
  /// Of what a service's container is made; a container of another one is out of date. Hexadecimal SHA-256, and the
  /// same that Docker Compose computes, unless a config's content or `x-dunnage` has a part in it.
  [[nodiscard]] std::string config_hash(std::string_view service) const;
  /// Likewise of a volume, by its key; the label `com.docker.compose.config-hash` of one that is created.
  [[nodiscard]] std::string volume_hash(std::string_view volume) const;

  /// Writes the configs and secrets that are texts or variables into a directory, which is created for this user alone
  /// if it is missing. A file is named by its content, and one that is there already is left alone. It has the mode
  /// and, in the container, the owner that the service says.
  /// Throws: LaunchError, also for an owner this user cannot give, and for a directory that others can write to.
  void write_files(const std::filesystem::path& directory) const;
  /// The mounts of a service's container: volumes by their names in the store, binds, tmpfs, configs and secrets.
  /// \param files  where write_files() puts, or has put, contents; only services that use such ones need it
  /// Throws: ProjectError(not_supported) for what this library cannot mount, and for such a service without `files`.
  [[nodiscard]] MountSet mounts(std::string_view service, const std::filesystem::path& files = {}) const;
  /// A service as a launch, labels of Compose included; detached, with a record. Streams, store and ways to watch it
  /// are the caller's to set. \param number 1-based, of a scaled service. Throws: as mounts().
  [[nodiscard]] LaunchSpec launch_spec(std::string_view service, unsigned number = 1,
                                       const std::filesystem::path& files = {}) const;
  /// The name of a service's container: `container_name`, else PROJECT-SERVICE-NUMBER.
  [[nodiscard]] std::string container_name(std::string_view service, unsigned number = 1) const;

  /// What would be done to have it run, computed without writing anything. See project_plan.hpp.
  [[nodiscard]] ProjectPlan plan_up(const UpOptions& options) const;
  [[nodiscard]] ProjectPlan plan_up() const;
  [[nodiscard]] ProjectPlan plan_down(const DownOptions& options) const;
  [[nodiscard]] ProjectPlan plan_down() const;

  /// By to_yaml(), name and directory.
  DUNNAGE_API friend bool operator==(const Project& left, const Project& right);

 private:
  struct State;
  explicit Project(std::shared_ptr<const State> state) noexcept;
  std::shared_ptr<const State> state_;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const Project& project);

/// A project's files cannot be read, understood or granted. `what()` shows the line with a caret.
class DUNNAGE_API ProjectError : public Error {
 public:
  ProjectError(ErrorInfo info, ProjectPlace place, std::string_view line, std::size_t length);
  ~ProjectError() override;
  [[nodiscard]] const ProjectPlace& place() const noexcept { return place_; }
  /// "services.web.volumes[0]"; empty outside of a value.
  [[nodiscard]] const std::string& path() const noexcept { return path_; }

 private:
  ProjectPlace place_;
  std::string path_;
};

}  // namespace dunnage
