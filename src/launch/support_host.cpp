// SPDX-License-Identifier: Apache-2.0
// What of the machine's settings and security modules containers meet. Settings are read; they are what they say.

#include "launch/support_probes.hpp"

#include "kernel/calls.hpp"
#include "kernel/file_descriptor.hpp"
#include "kernel/files.hpp"
#include "plan/selinux.hpp"

#include <fmt/format.h>

#include <linux/keyctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dunnage::launch {
namespace {

/// The first line of a file of /proc or /sys; nothing if it is not there or may not be read.
std::optional<std::string> setting(const std::string& path) {
  constexpr std::size_t kMostBytes = 4096;
  std::string buffer;
  const auto [text, number] = kernel::read_host_file(path.c_str(), buffer, kMostBytes);
  if (number != 0) {
    return std::nullopt;
  }
  return std::string{text.substr(0, text.find('\n'))};
}

std::optional<std::int64_t> number_of(const std::string& path) {
  const auto text = setting(path);
  std::int64_t value = 0;
  if (!text || std::from_chars(text->data(), text->data() + text->size(), value).ec != std::errc{}) {
    return std::nullopt;
  }
  return value;
}

Feature describe_apparmor() {
  if (setting("/sys/module/apparmor/parameters/enabled") != "Y") {
    return {"apparmor", false, "it is off, or this kernel has none; nothing of the library needs it", false};
  }
  const auto label = setting("/proc/self/attr/apparmor/current");
  return {"apparmor", true,
          fmt::format("on; the library loads no profile and sets none: containers run with this program's, which is {}",
                      label.value_or("not to be read")),
          false};
}

Feature describe_selinux() {
  if (!plan::has_selinux()) {
    return {"selinux", false, "it is off, or this kernel has none; relabelling (z, Z) does nothing", false};
  }
  const auto label = setting("/proc/self/attr/current");
  return {"selinux", true,
          fmt::format("{}; z and Z label sources, and containers run with this program's label, which is {}",
                      number_of("/sys/fs/selinux/enforce") == 1 ? "enforcing" : "permissive",
                      label.value_or("not to be read")),
          false};
}

Feature probe_keyrings() {
  const long result = kernel::raw_syscall(__NR_keyctl, KEYCTL_GET_KEYRING_ID, KEY_SPEC_SESSION_KEYRING, 0);
  const bool there = result >= 0 || result == -ENOKEY;
  return {"keyrings", there,
          there ? "a container has a session keyring of its own; an ordinary user's containers share the launcher's"
                : words_of_errno(static_cast<int>(-result)) + "; then there is no keyring to share either",
          false};
}

/// What `core_pattern` does with a program of a container that crashes.
Feature describe_core_dumps() {
  const std::string pattern = setting("/proc/sys/kernel/core_pattern").value_or("");
  if (pattern.starts_with('|')) {
    return {"core dumps", true,
            fmt::format("a crash in a container starts \"{}\" on the machine, as its root, with the container's memory "
                        "as input: the limit of 0 bytes does not hold for a program. If that is not wanted: sysctl -w "
                        "kernel.core_pattern=core",
                        pattern.substr(1)),
            false};
  }
  return {"core dumps", true,
          fmt::format("none by default, for their size is limited to 0; a program that raises that writes \"{}\" into "
                      "its container{}",
                      pattern, pattern.starts_with('/') ? ", at that path of the container's root" : ""),
          false};
}

Feature describe_privileged_dumps() {
  const auto mode = number_of("/proc/sys/fs/suid_dumpable");
  const bool safe = mode != 1;
  return {"no dumps of privileged programs", safe,
          safe ? fmt::format("fs.suid_dumpable is {}", mode ? std::to_string(*mode) : "not to be read")
               : "fs.suid_dumpable is 1: programs that gain privileges can be traced and dumped by who starts them; "
                 "sysctl -w fs.suid_dumpable=0",
          false};
}

Feature describe_protected_files() {
  constexpr std::array<std::string_view, 4> kNames{"symlinks", "hardlinks", "fifos", "regular"};
  std::string values;
  std::string wrong;
  for (const std::string_view name : kNames) {
    const auto value = number_of(fmt::format("/proc/sys/fs/protected_{}", name));
    values += fmt::format("{}protected_{}={}", values.empty() ? "" : ", ", name, value ? std::to_string(*value) : "?");
    if (value == 0) {
      wrong += fmt::format("{}fs.protected_{}=1", wrong.empty() ? "" : " ", name);
    }
  }
  return {"protected links and files", wrong.empty(),
          wrong.empty() ? values + "; the library does not lean on them"
                        : fmt::format("{}; the library does not lean on them, other programs that meet what containers "
                                      "write do: sysctl -w {}",
                                      values, wrong),
          false};
}

std::string ranges_in_words(const std::vector<launcher::IdRange>& ranges) {
  std::string text;
  for (const launcher::IdRange& range : ranges) {
    text += fmt::format("{}{}={}+{}", text.empty() ? "" : ",", range.inside, range.outside, range.count);
  }
  return text;
}

Feature describe_ids(const launcher::Identity& identity) {
  switch (identity.privilege) {
    case launcher::Privilege::Root:
      return {"ids", true, "root: every id of this machine exists in a container", false};
    case launcher::Privilege::Range:
      return {"ids", true,
              fmt::format("a range from /etc/subuid and /etc/subgid, mapped by newuidmap and newgidmap: users {}, "
                          "groups {} (inside=outside+count)",
                          ranges_in_words(identity.users), ranges_in_words(identity.groups)),
              false};
    case launcher::Privilege::Single:
      break;
  }
  return {"ids", false,
          "one user id and one group id per container; for more, install newuidmap and newgidmap (package uidmap) and "
          "give this user ranges in /etc/subuid and /etc/subgid",
          false};
}

Feature describe_id_programs() {
  const std::string users = launcher::find_map_program("newuidmap");
  const std::string groups = launcher::find_map_program("newgidmap");
  const bool there = !users.empty() && !groups.empty();
  return {"newuidmap, newgidmap", there,
          there ? users + ", " + groups
                : "not installed; an ordinary user has one id in a container without them (package uidmap)",
          false};
}

Feature describe_namespaces() {
  constexpr std::array<std::string_view, 8> kKinds{"user", "mnt", "pid", "net", "ipc", "uts", "cgroup", "time"};
  std::string values;
  std::string none;
  for (const std::string_view kind : kKinds) {
    const auto most = number_of(fmt::format("/proc/sys/user/max_{}_namespaces", kind));
    values += fmt::format("{}{} {}", values.empty() ? "" : ", ", kind, most ? std::to_string(*most) : "?");
    if (most == 0 && kind != "time") {
      none += fmt::format("{}user.max_{}_namespaces=16384", none.empty() ? "" : " ", kind);
    }
  }
  return {"namespaces of a user", none.empty(),
          none.empty() ? "at most: " + values
                       : fmt::format("at most: {}; where that is 0 no container can be launched (root's user namespace "
                                     "aside): sysctl -w {}",
                                     values, none),
          false};
}

}  // namespace

void add_security_modules(Features& features) {
  features.push_back(describe_apparmor());
  features.push_back(describe_selinux());
  features.push_back(probe_keyrings());
}

void add_ids_and_namespaces(const launcher::Identity& identity, Features& features) {
  features.push_back(describe_ids(identity));
  features.push_back(describe_id_programs());
  features.push_back(describe_namespaces());
}

void add_settings(Features& features) {
  features.push_back(describe_core_dumps());
  features.push_back(describe_privileged_dumps());
  features.push_back(describe_protected_files());
}

}  // namespace dunnage::launch
