// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// A container: a program in its own mount, pid, ipc, uts, network and cgroup namespaces, with the storage it was
/// given. It runs as a child of a small helper process, the launcher, and neither is a child of this process.
///
///     auto db = dunnage::Container::launch({
///         .argv = {"postgres", "-D", "/data"},
///         .mounts = dunnage::MountSet{store.get_or_create("db-data").at("/data")},
///     });
///     if (auto status = db.wait_for(30s)) std::cout << status->to_string() << '\n';   // empty: still running
///     db.stop();                                                                      // SIGTERM, 10 s, SIGKILL
///
/// The embedder's contract. The library may be used from any thread of any program: it installs no signal handler,
/// starts no thread (but for Stdio::callback, and while it unpacks layers of an image), raises no SIGCHLD, has no child
/// that a wait(2) of the host could find, and changes no namespace, mount, working directory, umask, credential, limit
/// or descriptor of the host. Nothing of the host's memory, environment or descriptors is seen in a container. When the
/// host dies, however it dies, its containers die within a moment, unless they were told to outlive it. A forked copy
/// of the host can launch its own containers; handles it inherited refuse to work there (errc::wrong_process).
///
/// The launcher ends up as a child of init. Where this process itself is init (in a container, say) or has made itself
/// a subreaper (PR_SET_CHILD_SUBREAPER), it adopts the launcher as it adopts every orphan, and reaps it by its own
/// rules.

#include <dunnage/environment.hpp>
#include <dunnage/export.hpp>
#include <dunnage/image_store.hpp>
#include <dunnage/launch_timings.hpp>
#include <dunnage/live_mounts.hpp>
#include <dunnage/mount_plan.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/prepared_mounts.hpp>
#include <dunnage/process.hpp>
#include <dunnage/progress.hpp>
#include <dunnage/resources.hpp>
#include <dunnage/rootfs.hpp>
#include <dunnage/seccomp.hpp>

#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace dunnage {

/// Storage at any stage of its way: stop where you like.
using Storage = std::variant<MountSet, MountPlan, PreparedMounts>;

enum class Network {
  Private,  ///< a namespace of its own with the loopback device up, and nothing else
  Host,     ///< that of this process
};

/// Who outlives whom.
enum class Lifetime {
  WithHost,  ///< the container ends when its handle goes or this process ends, whatever ends it
  Detached,  ///< it stays; other processes find it through the store. Needs a record (see LaunchSpec::store)
};

/// When the launcher starts the program again by itself, with the same mounts, a fresh tmpfs each and a delay that
/// doubles from 100 ms to 1 min (a run of 10 s resets it), as Docker has it. stop() and kill by handle end it.
struct RestartPolicy {
  enum class Kind { No, OnFailure, Always };
  Kind kind = Kind::No;
  unsigned max_retries = 0;  ///< OnFailure: 0 is without limit
  friend bool operator==(const RestartPolicy&, const RestartPolicy&) = default;
  /// "no", "on-failure", "on-failure:5", "always". Throws: LaunchError(invalid_argument).
  [[nodiscard]] DUNNAGE_API static RestartPolicy parse(std::string_view text);
  [[nodiscard]] DUNNAGE_API std::string to_string() const;
};

/// What becomes of a container that has ended and has the name of the one to be launched.
enum class Replace {
  No,            ///< the name is taken: errc::container_exists
  KeepVolumes,   ///< it goes, and its anonymous volumes are mounted where an anonymous one is wanted at their place;
                 ///< those without such a place stay in the store
  RenewVolumes,  ///< it goes with its anonymous volumes
};

/// The mounts of another container, for this one too.
struct VolumesFrom {
  std::string container;   ///< name or id; it has to have a record in the store
  bool read_only = false;  ///< in addition to what is read-only there
  friend bool operator==(const VolumesFrom&, const VolumesFrom&) = default;
};

/// Everything a launch is told. Only `argv` has to be given, and not even that with an image that says what it runs.
/// What an image says (ImageConfig) counts where this says nothing, as with `docker run`.
struct LaunchSpec {
  Rootfs rootfs = Rootfs::host();
  /// The program, looked up in the container, along PATH of `env`, and its arguments. With an image that has an
  /// entrypoint these are its arguments; empty: the image's own.
  std::vector<std::string> argv{};
  /// Comes before `argv` in place of the image's, whose own arguments count no more then; an empty list is none.
  std::optional<std::vector<std::string>> entrypoint{};
  Storage mounts{};
  ImageVolumes image_volumes = ImageVolumes::Anonymous;
  /// Volumes, bind and image mounts of recorded containers, running or not; no tmpfs. A mount of `mounts` at the
  /// same target wins, and so does an earlier entry of this list.
  std::vector<VolumesFrom> volumes_from{};
  Environment env{};   ///< added to PATH, HOME, HOSTNAME (and TERM with a terminal), and to the image's, which it
                       ///< overrides; nothing comes from the host
  std::string cwd{};   ///< created if it is missing; empty: the image's, else "/"
  std::string user{};  ///< `user[:group]`, each a name of the rootfs's passwd/group or a number; empty: the image's,
                       ///< else root
  std::vector<std::string> groups{};  ///< supplementary groups besides those of /etc/group
  std::string hostname{};             ///< empty: the first 12 digits of the id
  bool read_only_root = false;
  RootChanges root_changes{};  ///< with Rootfs::image()
  Network network = Network::Private;
  Stdio in = Stdio::null();
  Stdio out = Stdio::inherit();
  Stdio err = Stdio::inherit();
  bool terminal = false;          ///< all three streams are a terminal; its other end is Container::terminal_fd()
  bool no_new_privileges = true;  ///< set-user-ID programs gain nothing
  /// "NET_RAW", "CAP_SYS_PTRACE", "ALL", added to CHOWN, DAC_OVERRIDE, FSETID, FOWNER, NET_BIND_SERVICE, SETFCAP,
  /// SETGID, SETPCAP, SETUID, SYS_CHROOT and KILL. Nobody can give what he does not have: one that this process may not
  /// have itself is refused when it is named here (errc::not_supported), and left out of the default and of "ALL";
  /// support() says which these are. They are in effect for root only, as in Docker: for another user they are the most
  /// a program with file capabilities or a set-user-ID bit may gain, where no_new_privileges is off.
  std::vector<std::string> add_capabilities{};
  std::vector<std::string> drop_capabilities{};  ///< the same names; "ALL" leaves what add_capabilities names
  /// Which system calls its programs may make, those of exec() included. Without no_new_privileges the filter is there
  /// before the last capabilities are given up, so a profile has to allow capset(2) then.
  Seccomp seccomp{};
  Resources resources{};  ///< what it may use of the machine; none: no cgroup is made
  Lifetime lifetime = Lifetime::WithHost;
  RestartPolicy restart{};
  int stop_signal = 0;  ///< 0: the image's, else SIGTERM
  std::string name{};   ///< makes a record in the store; unique there
  /// It goes when the new one runs, with its log and what it wrote to its root. If the launch fails it is as it was.
  Replace replace = Replace::No;
  Labels labels{};  ///< over the image's, of which com.docker.compose.* and dunnage.*, a project's own, are left out
  bool record = false;  ///< make a record even without a name (one is made up). Detached containers always have one
  /// Remove the record and the anonymous volumes when the container has ended for good. Default: true with the host's
  /// lifetime, false when detached.
  std::optional<bool> remove_on_exit{};
  std::filesystem::path store{};                     ///< empty: default_store()
  std::chrono::milliseconds launch_timeout{60'000};  ///< longest time launch() may take once the image is there
  bool timings = false;  ///< note how long each step of the launch takes, for Container::timings()
  /// When the image is fetched; ImageStore::pull() has more options.
  PullPolicy pull = PullPolicy::Missing;
  Watch watch{};  ///< of fetching and unpacking images, and of filling volumes
};

/// A further program in a running container.
struct ExecSpec {
  std::vector<std::string> argv{};
  Environment env{};
  std::string cwd{};   ///< empty: that of the container
  std::string user{};  ///< empty: that of the container
  Stdio in = Stdio::null();
  Stdio out = Stdio::inherit();
  Stdio err = Stdio::inherit();
  bool terminal = false;
};

/// A program started by Container::exec(). When the handle goes, the program is killed.
/// Thread safety: all members may be called from any thread.
class DUNNAGE_API Process {
 public:
  Process(Process&&) noexcept;
  Process& operator=(Process&&) noexcept;
  ~Process();

  [[nodiscard]] ExitStatus wait() const;
  [[nodiscard]] std::optional<ExitStatus> wait_for(std::chrono::milliseconds timeout) const;
  void kill(int signal = SIGKILL) const;
  [[nodiscard]] int exit_fd() const noexcept;   ///< becomes and stays readable when the program has ended; owned here
  [[nodiscard]] int stdin_fd() const noexcept;  ///< -1 unless Stdio::pipe(); owned here
  [[nodiscard]] int stdout_fd() const noexcept;
  [[nodiscard]] int stderr_fd() const noexcept;
  [[nodiscard]] int terminal_fd() const noexcept;
  void close_stdin();

 private:
  friend class ContainerAccess;
  struct State;
  explicit Process(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

enum class ContainerStatus { Created, Running, Paused, Restarting, Exited, Dead };
[[nodiscard]] DUNNAGE_API std::string_view to_string(ContainerStatus status) noexcept;

/// One thing that differs between a container's root file system and its image's.
struct Change {
  enum class Kind { Modified, Added, Deleted };  ///< Docker's C, A and D, and its numbers in JSON
  Kind kind = Kind::Modified;
  std::string path;  ///< absolute, in the container
  friend bool operator==(const Change&, const Change&) = default;
};

[[nodiscard]] DUNNAGE_API std::string_view to_string(Change::Kind kind) noexcept;
/// As Docker's API: [{"Path": "/etc", "Kind": 0}].
[[nodiscard]] DUNNAGE_API std::string to_json(const std::vector<Change>& changes);

/// The handle of a container. Move-only. With Lifetime::WithHost the destructor kills the container and waits for
/// its end; with Lifetime::Detached, and for handles made by ContainerStore, it only lets go.
/// Thread safety: all members but move and destruction may be called from any thread.
class DUNNAGE_API Container {
 public:
  /// Resolves and prepares what is not prepared yet, and starts the program. Returns when the program has been
  /// executed. All or nothing.
  /// Throws: LaunchError(program_missing, program_unusable, user_unknown, container_exists, not_supported, timed_out,
  /// launcher_lost, ...), MountError naming the mount, ImageError for an image that cannot be had or used, VolumeError
  /// for a limit of root_changes that cannot be held (not_supported, invalid_argument), and what resolve() and
  /// prepare() throw.
  /// Kernel: clone3(2), move_mount(2), openat2(2), close_range(2), pidfd; Linux 5.12.
  [[nodiscard]] static Container launch(LaunchSpec spec);

  Container(Container&&) noexcept;
  Container& operator=(Container&&) noexcept;
  ~Container();

  [[nodiscard]] const std::string& id() const noexcept;    ///< 64 hexadecimal digits
  [[nodiscard]] const std::string& name() const noexcept;  ///< empty without a record
  /// Process id of its first process as this process sees it; 0 when it has ended.
  [[nodiscard]] int pid() const;
  /// What it was given, and what was attached since. A copy: restart() may change it, when an anonymous volume has to
  /// be made anew, and so may whoever attaches something, by any handle. Without a record, and after the record has
  /// gone: what was done by this handle.
  [[nodiscard]] MountPlan plan() const;
  [[nodiscard]] ContainerStatus status() const;
  /// How long the steps of its launch, or of its last restart(), took. Empty unless LaunchSpec::timings was set, and
  /// by a handle of ContainerStore.
  [[nodiscard]] LaunchTimings timings() const;

  /// Waits for the end for good (a restart policy's restarts are not ends). Any number of threads may wait.
  [[nodiscard]] ExitStatus wait() const;
  [[nodiscard]] std::optional<ExitStatus> wait_for(std::chrono::milliseconds timeout) const;
  /// Becomes and stays readable (poll, epoll, select) when the container has ended. Owned by the handle.
  [[nodiscard]] int exit_fd() const noexcept;

  /// Sends the stop signal, waits `grace`, then kills. Ends a restart policy. Returns how it ended.
  ExitStatus stop(std::chrono::milliseconds grace = std::chrono::seconds{10}) const;
  /// How stop() begins: sends the stop signal, ends a restart policy, and returns at once; nothing if it has ended. For
  /// who waits by exit_fd() and kills after a grace of his own.
  void request_stop() const;
  /// SIGKILL ends all of its processes and a restart policy; other signals go to its first process.
  /// Throws: LaunchError(not_running).
  void kill(int signal = SIGKILL) const;
  /// Freezes every process (a cgroup freezer where this user may make one, else SIGSTOP to each). Throws: LaunchError.
  void pause() const;
  void resume() const;
  /// Stops it, if it runs, and starts it again from the same specification: same id, name, log and anonymous volumes,
  /// and the same image with what was written to it on disk.
  /// Mounts are prepared anew, so volumes and binds show what the host has now. If it cannot be started it stays
  /// stopped, with its record and its volumes.
  /// By the handle that launched it, streams of kind pipe and callback are made anew.
  /// By a handle of ContainerStore, in any process, it is started from its record: as a detached container, as the user
  /// and groups it had in numbers, with its output in its log, wherever it went before, and an empty input. Another
  /// handle on it, the one that launched it too, has seen its end. One with Lifetime::WithHost is restarted by the
  /// program it lives with alone, unless it has ended.
  /// Throws: LaunchError(not_supported) for the latter and for a record of an earlier version, which does not hold
  /// enough, and as launch().
  void restart(std::chrono::milliseconds grace = std::chrono::seconds{10});
  /// Runs a further program in it. Throws: as launch().
  [[nodiscard]] Process exec(ExecSpec spec) const;
  /// What it uses at this moment, its exec()s included. Throws: LaunchError(not_supported) without a cgroup (see
  /// LaunchSpec::resources), LaunchError(not_running).
  [[nodiscard]] ContainerStats stats() const;
  /// Other limits for the running container: those that `changes` sets. They are in its record, and restart() and the
  /// restart policy begin with them. Each is read back; if one cannot be had, all are as they were. A limit below what
  /// it uses already takes effect as the kernel has it: less memory may end processes of it, fewer pids end none.
  /// Throws: LaunchError(invalid_argument, not_running), LaunchError(not_supported) for a limit whose controller the
  /// container was launched without, LaunchError with the errno of what failed, naming the limit.
  void update(const Resources& changes);
  /// What it has changed of its image's root file system, sorted by path; `docker diff`. A directory is in it if it
  /// itself differs, as it does when something was made or removed in it. Mounts are not looked into.
  /// Throws: LaunchError(not_supported) without an image, and if changes are kept in memory; ImageError if they are
  /// gone.
  [[nodiscard]] std::vector<Change> changes() const;
  /// Which mount serves `path` in the container, whose it is inside and on disk, and what a user may do there, why not,
  /// and what would change that. The kernel is asked: the path is looked up in the container's root, links as a program
  /// there would take them, and then once more as that user, with his groups and capabilities. Nothing is opened but to
  /// look at it, and nothing changes. Of a container that has ended and whose files were kept, these are looked at.
  /// Throws: LaunchError(invalid_argument) for a path that is not absolute, LaunchError(user_unknown),
  /// LaunchError(timed_out) after 20 s if a file system there does not answer, LaunchError(not_running) without files.
  [[nodiscard]] PathExplanation explain(std::string_view path, const ExplainOptions& options = {}) const;
  /// Mounts something in the running container; live_mounts.hpp says how, and what others may see of it meanwhile.
  /// \return what was made of it: its source, the name of its volume. It is `left_out` if it is optional and has no
  /// source Throws: LaunchError(not_running, timed_out), MountError(duplicate_target) where something of the plan is
  /// mounted or would be hidden, MountError(target_conflict), and what resolve() and prepare() throw.
  ResolvedMount attach(Mount mount);
  /// The same for each mount of a plan, in its order. If one fails those before it are detached again, lazily.
  MountPlan attach(const MountPlan& plan);
  /// Takes a mount of the plan off. Throws: MountError with EBUSY if it is in use, naming who uses it, or if something
  /// is mounted below it; MountError with ENOENT if the plan has none there; LaunchError(not_running).
  void detach(std::string_view target, const DetachOptions& options = {});
  /// Puts another mount in the place of one of the plan. At each instant a program that looks sees the one or the
  /// other; who has files of the old one open keeps these. \param mount its target is `target` Throws: as attach();
  /// MountError(not_supported) where the kernel cannot do it at once.
  ResolvedMount replace(std::string_view target, Mount mount);
  /// Who has something of a mount of the plan open, 64 at most. Throws: MountError, LaunchError(not_running).
  [[nodiscard]] std::vector<MountHolder> mount_holders(std::string_view target) const;
  /// Changes of its mounts from now on, by whichever process. Throws: LaunchError(not_running).
  [[nodiscard]] MountEvents mount_events() const;
  /// Lets a container with Lifetime::WithHost outlive this handle and process. Throws: LaunchError without a record.
  void detach();

  [[nodiscard]] int stdin_fd() const noexcept;  ///< -1 unless Stdio::pipe(); owned by the handle
  [[nodiscard]] int stdout_fd() const noexcept;
  [[nodiscard]] int stderr_fd() const noexcept;
  [[nodiscard]] int terminal_fd() const noexcept;  ///< -1 without a terminal
  void close_stdin();                              ///< the program reads the end of its input

 private:
  friend class ContainerAccess;
  struct State;
  explicit Container(std::shared_ptr<State> state) noexcept;
  std::shared_ptr<State> state_;
};

/// Launches, waits, and returns how it ended. Throws: as Container::launch().
[[nodiscard]] DUNNAGE_API ExitStatus run(LaunchSpec spec);

/// Who launches an image again and again, each time throwing away what is written to it, finds the next root file
/// system made already, in a quiet moment, by a thread that blocks all signals and ends some milliseconds after the
/// last launch. Up to six are kept by a process, each of them three descriptors, a mount nobody sees and an empty
/// directory in the store. This lets go of them.
DUNNAGE_API void drop_ready_roots() noexcept;

}  // namespace dunnage
