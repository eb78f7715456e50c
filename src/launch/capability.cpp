// SPDX-License-Identifier: Apache-2.0
#include "launch/capability.hpp"

#include <dunnage/error.hpp>

#include "error/nearest.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dunnage::launch {
namespace {

/// In the order of linux/capability.h, where the first is number 0.
constexpr std::array<std::string_view, 41> kNames{
    "CHOWN",          "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER",       "FSETID",       "KILL",
    "SETGID",         "SETUID",       "SETPCAP",         "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST",
    "NET_ADMIN",      "NET_RAW",      "IPC_LOCK",        "IPC_OWNER",    "SYS_MODULE",   "SYS_RAWIO",
    "SYS_CHROOT",     "SYS_PTRACE",   "SYS_PACCT",       "SYS_ADMIN",    "SYS_BOOT",     "SYS_NICE",
    "SYS_RESOURCE",   "SYS_TIME",     "SYS_TTY_CONFIG",  "MKNOD",        "LEASE",        "AUDIT_WRITE",
    "AUDIT_CONTROL",  "SETFCAP",      "MAC_OVERRIDE",    "MAC_ADMIN",    "SYSLOG",       "WAKE_ALARM",
    "BLOCK_SUSPEND",  "AUDIT_READ",   "PERFMON",         "BPF",          "CHECKPOINT_RESTORE"};

constexpr std::array<std::string_view, 11> kDefault{"CHOWN",   "DAC_OVERRIDE", "FSETID",  "FOWNER", "NET_BIND_SERVICE", "SETFCAP",
                                                    "SETGID", "SETPCAP",      "SETUID", "SYS_CHROOT", "KILL"};

constexpr std::uint64_t kAll = (std::uint64_t{1} << kNames.size()) - 1;

std::uint64_t bit_of(std::string_view text) {
  std::string name{text};
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name == "ALL") {
    return kAll;
  }
  const std::string_view bare = name.starts_with("CAP_") ? std::string_view{name}.substr(4) : std::string_view{name};
  const auto found = std::ranges::find(kNames, bare);
  if (found == kNames.end()) {
    const auto close = error::nearest(bare, std::span<const std::string_view>{kNames});
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "use the capability",
                       .subject = std::string{text},
                       .detail = {},
                       .cause = {},
                       .code = errc::invalid_argument,
                       .remedy = close ? fmt::format("did you mean \"{}\"?", *close)
                                       : "give a name of capabilities(7), such as NET_RAW"}};
  }
  return std::uint64_t{1} << static_cast<std::size_t>(found - kNames.begin());
}

}  // namespace

std::uint64_t default_capabilities() noexcept {
  std::uint64_t mask = 0;
  for (const std::string_view name : kDefault) {
    mask |= std::uint64_t{1} << static_cast<std::size_t>(std::ranges::find(kNames, name) - kNames.begin());
  }
  return mask;
}

std::uint64_t capabilities_of(const std::vector<std::string>& add, const std::vector<std::string>& drop) {
  std::uint64_t added = 0;
  std::uint64_t dropped = 0;
  for (const std::string& name : add) {
    added |= bit_of(name);
  }
  for (const std::string& name : drop) {
    dropped |= bit_of(name);
  }
  return dropped == kAll ? (added == kAll ? 0 : added) : (default_capabilities() | added) & ~dropped;
}

}  // namespace dunnage::launch
