// SPDX-License-Identifier: Apache-2.0
// Calls of the kernel: a call that is there refuses what makes no sense in its own way, and one that is not says
// ENOSYS.

#include "launch/support_probes.hpp"

#include "error/reason.hpp"
#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"

#include <fmt/format.h>

#include <linux/seccomp.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::launch {
namespace {

using kernel::as_argument;
using kernel::raw_syscall;

constexpr int kNoDescriptor = -1;

/// What a call says when it is given nothing.
Feature probe(const char* name, long result, const char* use, const char* without) {
  const bool known = result != -ENOSYS && result != -EPERM && result != -EOPNOTSUPP;
  const bool refused = result == -EPERM;
  return {name, known,
          known     ? std::string{use}
          : refused ? fmt::format("{}; {}", words_of_errno(EPERM), without)
                    : fmt::format("this kernel does not have it; {}", without),
          false};
}

Feature probe_processes() {
  const long result = raw_syscall(__NR_pidfd_open, ::getpid(), 0);
  const kernel::FileDescriptor own{static_cast<int>(result)};
  return {
      "process descriptors", static_cast<bool>(own),
      own ? "pidfd: no number of a process is ever taken for another's"
          : words_of_errno(static_cast<int>(-result)) + "; Linux 5.3 is needed, or another filter around this program",
      false};
}

Feature probe_mount_attributes() {
  mount_attr attributes{};
  return probe(
      "mount attributes at once",
      raw_syscall(__NR_open_tree_attr, kNoDescriptor, as_argument(""), 0, as_argument(&attributes), sizeof attributes),
      "open_tree_attr(2): binds are made with one call less", "two calls do the same");
}

Feature probe_move_beneath() {
  const long result = kernel::ask_for_move_beneath();
  if (result == -EPERM) {
    return {"mounting beneath", false,
            "only who may mount can ask for MOVE_MOUNT_BENEATH, and this process may not: its launcher asks when "
            "Container::replace() or a source that is followed needs it",
            false};
  }
  return {"mounting beneath", result != -EINVAL && result != -ENOSYS,
          "MOVE_MOUNT_BENEATH, Linux 6.5: Container::replace() puts a mount in the place of another one at once, and "
          "sources of bind mounts can be followed by their names",
          false};
}

Feature probe_statmount() {
  struct statx status {};
  constexpr unsigned kUniqueId = 0x4000;  // STATX_MNT_ID_UNIQUE
  (void)raw_syscall(__NR_statx, AT_FDCWD, as_argument(""), AT_EMPTY_PATH, kUniqueId, as_argument(&status));
  struct {
    std::uint32_t size = 24;
    std::uint32_t spare = 0;
    std::uint64_t mount = 0;
    std::uint64_t wanted = 1;  // STATMOUNT_SB_BASIC
  } request;
  request.mount = status.stx_mnt_id;
  alignas(8) std::array<char, 1024> answer{};
  return probe("mounts by number",
               raw_syscall(__NR_statmount, as_argument(&request), as_argument(answer.data()), answer.size(), 0),
               "statmount(2), listmount(2): whether a mount that was detached is gone is asked of it alone",
               "mountinfo is read instead");
}

/// As launcher/program/confine.cpp needs it.
Feature probe_landlock() {
  constexpr long kAskVersion = 1;
  constexpr long kWithRefer = 2;
  const long version = raw_syscall(__NR_landlock_create_ruleset, 0, 0, kAskVersion);
  if (version >= kWithRefer) {
    return {
        "landlock", true,
        fmt::format("landlock(7), version {}: who copies, packs or gives away trees of files keeps himself to these "
                    "trees. Containers are not put into it: their roots are mount namespaces of their own",
                    version),
        false};
  }
  return {"landlock", false,
          (version > 0              ? std::string{"version 1 cannot rename from one directory to another"}
           : version == -EOPNOTSUPP ? std::string{"the kernel has it, and it is not among the security modules (lsm=)"}
                                    : words_of_errno(static_cast<int>(-version))) +
              "; it would be a belt besides the bounds of each look-up, which hold without it",
          false};
}

Feature probe_seccomp_actions() {
  constexpr std::array<std::pair<std::uint32_t, std::string_view>, 7> kActions{{
      {SECCOMP_RET_KILL_PROCESS, "kill_process"},
      {SECCOMP_RET_KILL_THREAD, "kill_thread"},
      {SECCOMP_RET_TRAP, "trap"},
      {SECCOMP_RET_ERRNO, "errno"},
      {SECCOMP_RET_USER_NOTIF, "user_notif"},
      {SECCOMP_RET_TRACE, "trace"},
      {SECCOMP_RET_LOG, "log"},
  }};
  std::string there;
  std::string missing;
  for (const auto& [action, name] : kActions) {
    const long result = raw_syscall(__NR_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, as_argument(&action));
    std::string& list = result == 0 ? there : missing;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", name);
  }
  return {"seccomp actions", missing.empty(),
          missing.empty() ? there : fmt::format("without {}: a profile that says so is refused", missing), false};
}

Feature probe_time_namespaces() {
  const kernel::FileDescriptor own{kernel::open_at2(AT_FDCWD, "/proc/self/ns/time", O_RDONLY, 0)};
  return {"time namespaces", static_cast<bool>(own),
          own ? "the kernel has them; the library makes none: containers have the clocks of the machine"
              : "the kernel has none; the library makes none anyway",
          false};
}

}  // namespace

std::string words_of_errno(int number) {
  return fmt::format("{} [{}]", error::errno_reason(number), error::errno_name(number));
}

void add_kernel_calls(Features& features) {
  features.push_back(probe_processes());
  features.push_back(probe_mount_attributes());
  features.push_back(probe_move_beneath());
  features.push_back(probe_statmount());
  features.push_back(probe_landlock());
  features.push_back(probe_seccomp_actions());
  features.push_back(probe_time_namespaces());
}

}  // namespace dunnage::launch
