// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// Containers that have a record (a name, or a life of their own) can be found by other processes of the same user.
///
///     auto containers = dunnage::ContainerStore::open();
///     for (const auto& info : containers.list()) std::cout << info.name << '\n';
///     containers.get("db").stop();
///     containers.remove("db");

#include <dunnage/container.hpp>
#include <dunnage/export.hpp>
#include <dunnage/volume_store.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// What a record says; Docker's `inspect`.
struct ContainerInfo {
  std::string id;  ///< empty in a list if the record cannot be read
  std::string name;
  ContainerStatus status = ContainerStatus::Created;
  int pid = 0;  ///< of the first process as this process sees it; 0 when it does not run
  std::vector<std::string> argv;
  std::string rootfs;             ///< "host", the path of a directory, or the name of an image
  std::string image;              ///< what the image was called when the container was made; empty without one
  std::string image_id;           ///< "sha256:…"
  std::filesystem::path changes;  ///< where what it writes to the image's root is; empty if it is nowhere on disk. With
                                  ///< LimitWay::XfsImage and Ext4Image a file, with a file system in it
  std::uint64_t changes_limit = 0;  ///< of what it writes there (RootChanges::limit), in bytes; 0: it has none
  LimitWay changes_limit_way = LimitWay::None;  ///< what holds that
  Environment env;
  std::string cwd;
  std::string user;
  std::string hostname;
  Labels labels;
  RestartPolicy restart;
  unsigned restart_count = 0;
  MountPlan mounts;
  bool terminal = false;
  bool remove_on_exit = false;
  int stop_signal = SIGTERM;
  Resources resources;             ///< its limits; after an update(), the new ones
  Seccomp seccomp;                 ///< a file as it was read at the launch
  std::optional<ExitStatus> exit;  ///< empty while it has not ended
  std::chrono::system_clock::time_point created_at;
  std::chrono::system_clock::time_point started_at;
  std::chrono::system_clock::time_point finished_at;  ///< epoch while it runs
  std::filesystem::path log;
};

/// Docker's names: Id, Name, Created, Path, Args, State{Status,Running,Paused,Pid,ExitCode,...}, Image, Mounts, Config,
/// GraphDriver, ...
[[nodiscard]] DUNNAGE_API std::string to_json(const ContainerInfo& container);

/// A piece of a log, as the program wrote it.
struct LogEntry {
  enum class Stream { Out, Err };
  Stream stream = Stream::Out;
  std::chrono::system_clock::time_point time;
  std::string_view data;  ///< valid during the call
};

struct LogOptions {
  bool follow = false;                ///< go on until the container has ended
  std::optional<std::size_t> tail{};  ///< only the last so many lines
  std::optional<std::chrono::system_clock::time_point> since{};
  std::stop_token stop{};  ///< ends following
};

/// A log that is pulled, for a program with an event loop: nothing here waits, and no thread is started.
///
///     auto log = containers.read_log("db", {.follow = true});
///     while (!log.ended()) {
///       while (const auto entry = log.next()) std::cout << entry->data;
///       // and again when log.fd() can be read
///     }
///
/// Move-only. Thread safety: one thread at a time.
class DUNNAGE_API LogReader {
 public:
  LogReader(LogReader&&) noexcept;
  LogReader& operator=(LogReader&&) noexcept;
  ~LogReader();

  /// The next entry, whose `data` is valid until the next call; nothing where there is none now. Throws: LaunchError.
  [[nodiscard]] std::optional<LogEntry> next();
  /// Nothing more will come: next() has given all there was, and with `follow` the container has ended.
  [[nodiscard]] bool ended() const noexcept;
  /// With `follow`: can be read (poll, epoll, select) when next(), which had nothing, may have something, or the end.
  /// Without: -1, as there is nothing to wait for. Owned by the reader.
  /// Kernel: epoll, inotify(7); where this user has no inotify instances left, it can be read every 50 ms.
  [[nodiscard]] int fd() const noexcept;

 private:
  friend class ContainerStore;
  struct State;
  explicit LogReader(std::unique_ptr<State> state) noexcept;
  std::unique_ptr<State> state_;
};

/// Thread safety: all members may be called from any thread. Any number of processes may use one store.
class DUNNAGE_API ContainerStore {
 public:
  /// The same directory as VolumeStore::open(); throws the same.
  [[nodiscard]] static ContainerStore open(const std::filesystem::path& root = default_store());

  [[nodiscard]] const std::filesystem::path& root() const noexcept;
  /// Sorted by creation. A record that cannot be read, as a power cut may leave one, is there with its name only, as
  /// Dead; inspect() says what is wrong with it, and remove() takes it.
  [[nodiscard]] std::vector<ContainerInfo> list() const;
  /// By name, id or unambiguous beginning of an id.
  [[nodiscard]] std::optional<ContainerInfo> find(std::string_view name) const;
  /// Throws: LaunchError(container_missing) with the nearest name.
  [[nodiscard]] ContainerInfo inspect(std::string_view name) const;
  /// A handle on a running container. Throws: LaunchError(container_missing, not_running).
  [[nodiscard]] Container get(std::string_view name) const;
  /// Starts a container that has ended again, whoever launched it, and answers with a handle on it: same id, name, log,
  /// mounts, anonymous volumes and image, as Container::restart() says. It is detached from now on. One that runs is
  /// left as it is. Throws: LaunchError(container_missing), LaunchError(not_supported) if its record is of an earlier
  /// version and does not hold enough, and as Container::launch().
  Container start(std::string_view name) const;
  /// Calls `sink` for each piece of the container's log, oldest first.
  void logs(std::string_view name, const std::function<void(const LogEntry&)>& sink,
            const LogOptions& options = {}) const;
  /// The same, pulled. Throws: LaunchError(container_missing).
  [[nodiscard]] LogReader read_log(std::string_view name, const LogOptions& options = {}) const;
  /// Container::changes() of a container, running or not. Throws: LaunchError(container_missing), and as that.
  [[nodiscard]] std::vector<Change> changes(std::string_view name) const;
  /// Container::explain() of a container, running or not. Of one that has ended and whose files nobody has any more,
  /// what its plan says. Throws: LaunchError(container_missing), and as that.
  [[nodiscard]] PathExplanation explain(std::string_view name, std::string_view path,
                                        const ExplainOptions& options = {}) const;
  /// Removes the record, the log, what was written to the image's root, and with `volumes` the anonymous volumes of a
  /// container that does not run; with `force` kills it first. Throws: LaunchError(container_missing), LaunchError if
  /// it runs.
  void remove(std::string_view name, bool force = false, bool volumes = true);

  /// Records that cannot be read, or are of no container; see store_check.hpp. Throws: as check_store().
  [[nodiscard]] StoreReport check(const StoreCheck& options = {}) const;
  /// Repairs them. Throws: as repair_store().
  StoreReport repair(const StoreRepair& options = {});

 private:
  friend class ContainerStoreAccess;
  struct State;
  explicit ContainerStore(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace dunnage
