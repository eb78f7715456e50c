// SPDX-License-Identifier: Apache-2.0
#pragma once

/// \file
/// How much of the machine a container may use, and how much it uses.
///
///     auto job = dunnage::Container::launch({.argv = {"make"}, .resources = {.memory = 512 << 20, .pids = 100}});
///     std::cout << job.stats().memory_current.value_or(0) << '\n';
///     job.update({.cpus = 0.5});
///     if (job.wait().oom_killed()) std::cout << "it needs more memory\n";
///
/// A container has a cgroup if it is given a limit, or `statistics`, and none else. Its limits are in force before
/// anything of it runs, its exec()s are in it, and it goes when the container has ended, also when this process is
/// killed. What a limit means, and which are accepted together, is Docker's.
///
/// Where the cgroup is. A launcher that needs one makes `dunnage.<number>` and a cgroup for each container in it, with
/// the controllers its containers have asked for; it goes with the launcher. With cgroup version 1 it lies in this
/// process's own cgroup of each hierarchy that is needed, which this user has to be allowed to write to. With version 2
/// a cgroup that limits its children holds no processes, so it lies in the nearest cgroup above this process, its own
/// only if that is the root, in which this user may make cgroups and move processes: in a delegated subtree. Root finds
/// one everywhere; another user with `systemd-run --user --scope`, in a service with `Delegate=yes` and
/// `DelegateSubgroup=`, or where an administrator gave him directories. Both are found by /proc/self/cgroup when the
/// launcher is asked for the first cgroup, and stay. Where a machine has both versions, a limit goes where its
/// controller is. A limit that cannot be had is refused by name (errc::not_supported), and never left out; support()
/// says which these are.

#include <dunnage/export.hpp>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iosfwd>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage {

/// No limit, said out loud: it takes one back that there is.
inline constexpr std::int64_t kUnlimited = -1;

/// What a container may do with one block device of the host.
struct DeviceRate {
  std::filesystem::path device;  ///< "/dev/sda", looked up at the launch
  std::uint64_t rate = 0;        ///< bytes or operations, each second

  /// "/dev/sda:10mb" with a size in bytes. Throws: LaunchError(invalid_argument).
  [[nodiscard]] DUNNAGE_API static DeviceRate parse_bytes(std::string_view text);
  /// "/dev/sda:1000". Throws: LaunchError(invalid_argument).
  [[nodiscard]] DUNNAGE_API static DeviceRate parse_operations(std::string_view text);
  friend bool operator==(const DeviceRate&, const DeviceRate&) = default;
};

/// What is not set is not limited; for Container::update(): stays as it is.
/// A value. Thread safety: as a std::vector.
struct DUNNAGE_API Resources {
  std::optional<std::int64_t> memory{};  ///< bytes, at least 6 MiB, or kUnlimited
  /// Bytes of memory and swap together, at least `memory`, or kUnlimited. Without it a container with `memory` may use
  /// as much swap as memory, where the kernel counts swap.
  std::optional<std::int64_t> memory_swap{};
  /// Bytes that are not taken from it while others have some to spare, or kUnlimited for none.
  std::optional<std::int64_t> memory_reservation{};
  std::optional<std::int64_t> pids{};          ///< processes and threads, or kUnlimited
  std::optional<double> cpus{};                ///< processors' worth of time, from 0.01; in place of quota and period
  std::optional<std::int64_t> cpu_quota{};     ///< microseconds of each period, from 1000, or kUnlimited
  std::optional<std::int64_t> cpu_period{};    ///< microseconds, 1000 to 1000000; 100000 if it is not set
  std::optional<std::int64_t> cpu_shares{};    ///< 2 to 262144: its part where processors are short; 1024 is usual
  std::string cpuset_cpus{};                   ///< the processors it may run on: "0-3,7"
  std::string cpuset_mems{};                   ///< the memory nodes
  std::optional<std::int64_t> blkio_weight{};  ///< 10 to 1000: its part where block devices are busy
  std::vector<DeviceRate> device_read_bps{};   ///< bytes
  std::vector<DeviceRate> device_write_bps{};
  std::vector<DeviceRate> device_read_iops{};  ///< operations
  std::vector<DeviceRate> device_write_iops{};
  /// A cgroup in which everything is counted that can be. With limits alone, what their controllers count is.
  bool statistics = false;

  [[nodiscard]] bool empty() const noexcept { return *this == Resources{}; }  ///< it takes no cgroup
  /// Throws: LaunchError(invalid_argument) for what no machine accepts, with the remedy.
  void check() const;
  /// These, with what `changes` sets in their place.
  [[nodiscard]] Resources with(const Resources& changes) const;
  /// Docker's names: {"Memory": 536870912, "NanoCpus": 500000000, "BlkioDeviceReadBps": [{"Path": …, "Rate": …}], …};
  /// what is not set is left out.
  [[nodiscard]] std::string to_json() const;
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// What a container uses at one moment, since it was started. Nothing where the kernel does not say, and for a limit
/// where there is none. A value.
struct DUNNAGE_API ContainerStats {
  std::optional<std::uint64_t> memory_current{};  ///< bytes, caches of files included
  std::optional<std::uint64_t>
      memory_inactive_file{};                   ///< of it: caches that can be taken away; Docker leaves them out
  std::optional<std::uint64_t> memory_peak{};   ///< bytes; version 2: Linux 5.19
  std::optional<std::uint64_t> memory_limit{};  ///< bytes
  std::optional<std::uint64_t> swap_current{};  ///< bytes, without memory
  std::optional<std::uint64_t> swap_limit{};    ///< bytes, without memory
  std::optional<std::uint64_t> oom_kills{};     ///< processes killed because memory had run out
  std::optional<std::uint64_t> pids_current{};
  std::optional<std::uint64_t> pids_limit{};
  std::optional<std::chrono::nanoseconds> cpu_user{};
  std::optional<std::chrono::nanoseconds> cpu_system{};
  std::optional<std::uint64_t> cpu_periods{};  ///< periods of its quota in which it ran
  std::optional<std::uint64_t> cpu_throttled_periods{};
  std::optional<std::chrono::nanoseconds> cpu_throttled_time{};
  std::optional<std::uint64_t> io_read_bytes{};  ///< of block devices
  std::optional<std::uint64_t> io_write_bytes{};

  /// One line for each figure there is.
  [[nodiscard]] std::string to_string() const;
  /// {"MemoryCurrent": 1048576, "CpuUser": 5000000, …}: bytes, nanoseconds, numbers; null where there is nothing.
  [[nodiscard]] std::string to_json() const;
  friend bool operator==(const ContainerStats&, const ContainerStats&) = default;
};

DUNNAGE_API std::ostream& operator<<(std::ostream& out, const ContainerStats& stats);

}  // namespace dunnage
