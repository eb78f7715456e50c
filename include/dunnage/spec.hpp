// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// The storage language: what Docker, Podman and Compose make of a text, or the precise reason why they refuse it.
///
///     auto mount = dunnage::read_docker_mount("type=bind,src=./conf,dst=/etc/app,ro");   // as Docker understands it
///     std::cout << dunnage::to_json(mount);                                              // after Docker's defaults
///     mounts.add(dunnage::to_mount(mount));                                              // and as a mount of this
///     library
///
/// For everyday use there is MountSet::add_spec(), which reads the same languages and accepts this library's own
/// options besides. The functions here answer as the engine would, to the letter, its quirks included; they are for
/// tools that check, convert or explain what people wrote for an engine. Three things stay apart: the grammar (what was
/// said), the policy of the engine (defaults, existence, duplicates), and the mount, which only resolve() and prepare()
/// make.
///
/// Everything here reads the host at most through a SpecContext, changes nothing, and allocates no more than a small
/// multiple of the text, which may have 64 KiB.
/// Throws: SpecError everywhere, with the code, the engine's stage, and a caret under the part in question.
/// Thread safety: free functions over values; a SpecContext's callbacks are called by the calling thread.

#include <dunnage/container.hpp>
#include <dunnage/error.hpp>
#include <dunnage/export.hpp>
#include <dunnage/mount_set.hpp>
#include <dunnage/ownership.hpp>
#include <dunnage/spec_code.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// A volume at the top level of a Compose file, after the loader's defaults.
struct ComposeVolume {
  std::string name{};     ///< the engine's name: `shop_ledger` for `ledger` in the project `shop`
  bool external = false;  ///< made by someone else; never created
  std::string driver{};
  std::map<std::string, std::string> driver_options{};
  Labels labels{};

  friend bool operator==(const ComposeVolume&, const ComposeVolume&) = default;
};

/// By the key in the file.
using ComposeVolumes = std::map<std::string, ComposeVolume>;

/// What a text's meaning depends on besides itself. The default is this process on this host.
struct SpecContext {
  std::optional<std::string> working_directory{};  ///< base of relative paths; none: that of the process
  std::optional<std::string> home{};               ///< for Compose's `~`; none: `HOME` of the process; empty: unknown
  std::optional<std::string> project_directory{};  ///< base of relative paths in Compose; none: working_directory
  std::optional<std::string> project_name{};       ///< none: the last part of the project directory, in lower case
  std::optional<std::map<std::string, std::string>> environment{};  ///< for `${NAME}`; none: that of the process
  std::optional<ComposeVolumes> volumes{};  ///< declared in the Compose file; none: not known, nothing is checked
  std::function<bool(const std::string&)> exists{};  ///< whether a path is on the host; none: asks the host
  bool project_quota = false;  ///< whether the engine's volumes lie on a file system with project quotas
  bool rootless = false;       ///< whether Podman runs without root
};

/// As the engine names it. Npipe, Cluster, Glob, Artifact, Ramfs and Devpts are understood and never mounted here.
enum class SpecType { Bind, Volume, Tmpfs, Image, Overlay, Ramfs, Devpts, Npipe, Cluster, Glob, Artifact };

[[nodiscard]] DUNNAGE_API std::string_view to_string(SpecType type) noexcept;

/// One mount, after the defaults of the engine that was asked. Empty texts mean "not said".
struct SpecMount {
  Engine engine = Engine::Docker;
  SpecType type = SpecType::Volume;
  std::string source{};  ///< host path, name of a volume, reference of an image; empty for an anonymous volume
  std::string target{};
  bool read_only = false;
  std::string propagation{};  ///< one of Propagation's words, or Podman's `unbindable` and `runbindable`
  bool no_copy = false;
  bool anonymous = false;
  bool no_create = false;  ///< Podman's `nocreate`
  std::optional<bool> create_host_path{};
  std::string recursive{};  ///< `enabled`, `disabled`, `writable` or `readonly`
  std::string selinux{};    ///< `z` or `Z`
  std::string consistency{};
  std::string subpath{};
  Labels labels{};
  std::string driver{};
  std::map<std::string, std::string> driver_options{};
  std::optional<std::int64_t> tmpfs_size{};  ///< bytes; Compose lets -1 through
  std::optional<std::uint32_t> tmpfs_mode{};
  std::string tmpfs_mode_text{};                    ///< as it was written
  std::optional<std::vector<std::string>> flags{};  ///< Podman: the words as they were given
  std::optional<std::vector<std::string>> words{};  ///< the mount options in the end, where no host is needed to know
  std::string engine_name{};                        ///< Compose: what the engine calls the volume
  std::string engine_error{};  ///< Compose's loader accepts it, and the engine will refuse it with these words

  /// What only this library's own parsers accept in a text (MountSet::add_spec(), parse_mount_flag()).
  struct Own {
    std::optional<bool> suid{}, dev{}, exec{};
    std::optional<std::uint32_t> uid{}, gid{};
    std::optional<std::uint64_t> inodes{};
    bool no_swap = false;
    bool optional = false;
    bool require_mountpoint = false;
    bool follow_name = false;
    bool chown = false;
    std::optional<unsigned> create_mode{};
    std::optional<std::uint32_t> create_uid{}, create_gid{};
    Ownership owner{};
    std::vector<std::string> exclude{};
    std::optional<OverlayOptions> overlay{};
    std::string transaction{};
    AccessMode access = AccessMode::Shared;
    std::chrono::milliseconds access_timeout{0};
    SourceLoss on_loss{};

    friend bool operator==(const Own&, const Own&) = default;
  };
  Own own{};

  friend bool operator==(const SpecMount&, const SpecMount&) = default;
};

/// `{"ok":true,"type":"bind","source":...,"options":{...}}`, in one line.
[[nodiscard]] DUNNAGE_API std::string to_json(const SpecMount& mount);

/// The mount of this library that means the same. Throws: SpecError(Unsupported) for what it does not have: devpts,
/// quota, propagation of a tmpfs; nothing is left out silently.
[[nodiscard]] DUNNAGE_API Mount to_mount(const SpecMount& mount);

/// `docker run -v`: `[SOURCE:]TARGET[:OPTIONS]`, by the command line's scanner first and the engine's then.
[[nodiscard]] DUNNAGE_API SpecMount read_docker_volume(std::string_view text, const SpecContext& context = {});
/// `docker run --mount`: one record of CSV.
[[nodiscard]] DUNNAGE_API SpecMount read_docker_mount(std::string_view text, const SpecContext& context = {});
/// `podman run -v`.
[[nodiscard]] DUNNAGE_API SpecMount read_podman_volume(std::string_view text, const SpecContext& context = {});
/// `podman run --mount`.
[[nodiscard]] DUNNAGE_API SpecMount read_podman_mount(std::string_view text, const SpecContext& context = {});
/// `--tmpfs TARGET[:OPTIONS]` of `docker run` or `podman run`. For Compose: as Docker, which gets it from there.
[[nodiscard]] DUNNAGE_API SpecMount read_tmpfs(std::string_view text, Engine engine = Engine::Docker,
                                               const SpecContext& context = {});

/// Several flags of one command line, and what follows from their being together: duplicates, precedence.
struct SpecFlags {
  std::vector<std::string> volumes{};  ///< -v
  std::vector<std::string> mounts{};   ///< --mount
  std::vector<std::string> tmpfs{};    ///< --tmpfs
};
/// Sorted by target. \param engine Docker or Podman
[[nodiscard]] DUNNAGE_API std::vector<SpecMount> read_flags(const SpecFlags& flags, Engine engine = Engine::Docker,
                                                            const SpecContext& context = {});

/// `--volumes-from CONTAINER[:MODE]`.
struct SpecVolumesFrom {
  Engine engine = Engine::Docker;
  std::string container{};           ///< or the service, see `service`
  std::optional<bool> read_only{};   ///< none: as the mounts of that container are
  bool service = false;              ///< Compose: `container` names a service
  std::string mode{};                ///< Docker: verbatim, `rw` if there is none
  std::vector<std::string> flags{};  ///< Podman: the words

  friend bool operator==(const SpecVolumesFrom&, const SpecVolumesFrom&) = default;
};
[[nodiscard]] DUNNAGE_API SpecVolumesFrom read_volumes_from(std::string_view text, Engine engine = Engine::Docker);
[[nodiscard]] DUNNAGE_API std::string to_json(const SpecVolumesFrom& value);
/// For LaunchSpec::volumes_from. Throws: SpecError(Unsupported) for a service of Compose.
[[nodiscard]] DUNNAGE_API VolumesFrom to_volumes_from(const SpecVolumesFrom& value);

/// The name given to `volume create`. Returns it; an empty name asks for an anonymous volume.
[[nodiscard]] DUNNAGE_API std::string read_volume_name(std::string_view name, Engine engine = Engine::Docker);

/// `volume create --driver DRIVER -o KEY=VALUE...`
struct SpecVolumeCreate {
  std::string driver = "local";
  std::map<std::string, std::string> stored_options{};  ///< as `volume inspect` shows them
  bool needs_mount = false;                             ///< mounted while a container uses it
  std::optional<std::uint64_t> size{};                  ///< bytes
  std::optional<std::uint64_t> inodes{};
  std::optional<std::int64_t> uid{}, gid{};
  bool no_quota = false;

  friend bool operator==(const SpecVolumeCreate&, const SpecVolumeCreate&) = default;
};
[[nodiscard]] DUNNAGE_API SpecVolumeCreate read_volume_create(std::string_view driver,
                                                              std::span<const std::string> options,
                                                              Engine engine = Engine::Docker,
                                                              const SpecContext& context = {});
[[nodiscard]] DUNNAGE_API std::string to_json(const SpecVolumeCreate& value);

/// One entry of a service's `volumes:` in short form, before interpolation: `[SOURCE:]TARGET[:MODE]`.
[[nodiscard]] DUNNAGE_API SpecMount read_compose_short(std::string_view text, const SpecContext& context = {});
/// One entry in long form, as YAML or JSON text; errors carry the line and column in it.
[[nodiscard]] DUNNAGE_API SpecMount read_compose_long(std::string_view yaml, const SpecContext& context = {});
/// The whole list of a service, short and long forms mixed, with Compose's merging: a later entry replaces an earlier
/// one at the same target. Sorted by target. \param tmpfs the service's `tmpfs:`, as YAML; may be empty
[[nodiscard]] DUNNAGE_API std::vector<SpecMount> read_compose_volumes(std::string_view yaml,
                                                                      std::string_view tmpfs = {},
                                                                      const SpecContext& context = {});
/// A service's `tmpfs:`, a text or a list, as YAML: the entries that remain. \param volumes the service's `volumes:`,
/// as YAML, because both share the targets; may be empty
[[nodiscard]] DUNNAGE_API std::vector<std::string> read_compose_tmpfs(std::string_view yaml,
                                                                      std::string_view volumes = {},
                                                                      const SpecContext& context = {});
/// A mapping with `volumes:` in it, as YAML.
[[nodiscard]] DUNNAGE_API ComposeVolumes read_compose_top_level(std::string_view yaml, const SpecContext& context = {});
[[nodiscard]] DUNNAGE_API std::string to_json(const ComposeVolumes& volumes);

/// `{"ok":false,"code":"UNKNOWN_OPTION","stage":"parse","engine_message":...,"line":1,"column":9,...}`, in one line.
[[nodiscard]] DUNNAGE_API std::string to_json(const SpecError& error);

/// One word of the storage language, from the one table the parsers work with: for completion, help and documentation.
struct SpecWord {
  std::string_view name;
  std::vector<std::string_view> aliases;
  std::string_view value;    ///< what follows the "=", like `SIZE`; empty for a bare word
  std::string_view summary;  ///< one sentence without a full stop
  std::string_view member;   ///< where a mount keeps it, like `options.read_only`; empty: accepted without effect
  bool own = false;          ///< of this library only; that engine does not know it
};
/// The words that the flag (`-v`, `--mount` or `--tmpfs`) takes. Throws: SpecError for another flag.
[[nodiscard]] DUNNAGE_API std::vector<SpecWord> spec_words(std::string_view flag, Engine engine = Engine::Docker);

}  // namespace dunnage
