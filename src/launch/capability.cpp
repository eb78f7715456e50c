// SPDX-License-Identifier: Apache-2.0
#include "launch/capability.hpp"

#include <dunnage/error.hpp>

#include "error/nearest.hpp"
#include "kernel/capability_names.hpp"

#include <fmt/format.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

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

using kernel::kCapabilityNames;

constexpr std::array<std::string_view, 11> kDefault{"CHOWN",   "DAC_OVERRIDE", "FSETID",  "FOWNER", "NET_BIND_SERVICE",
                                                    "SETFCAP", "SETGID",       "SETPCAP", "SETUID", "SYS_CHROOT",
                                                    "KILL"};

constexpr std::uint64_t kAll = (std::uint64_t{1} << kCapabilityNames.size()) - 1;

std::uint64_t bit_of(std::string_view text) {
  std::string name{text};
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  if (name == "ALL") {
    return kAll;
  }
  const std::string_view bare = name.starts_with("CAP_") ? std::string_view{name}.substr(4) : std::string_view{name};
  const auto found = std::ranges::find(kCapabilityNames, bare);
  if (found == kCapabilityNames.end()) {
    const auto close = error::nearest(bare, std::span<const std::string_view>{kCapabilityNames});
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "use the capability",
                       .subject = std::string{text},
                       .detail = {},
                       .cause = {},
                       .code = errc::invalid_argument,
                       .remedy = close ? fmt::format("did you mean \"{}\"?", *close)
                                       : "give a name of capabilities(7), such as NET_RAW"}};
  }
  return std::uint64_t{1} << static_cast<std::size_t>(found - kCapabilityNames.begin());
}

}  // namespace

std::uint64_t default_capabilities() noexcept {
  std::uint64_t mask = 0;
  for (const std::string_view name : kDefault) {
    mask |= std::uint64_t{1} << static_cast<std::size_t>(std::ranges::find(kCapabilityNames, name) -
                                                         kCapabilityNames.begin());
  }
  return mask;
}

std::uint64_t all_capabilities() noexcept { return kAll; }

AskedCapabilities capabilities_of(const std::vector<std::string>& add, const std::vector<std::string>& drop) {
  std::uint64_t added = 0;
  std::uint64_t named = 0;
  std::uint64_t dropped = 0;
  for (const std::string& name : add) {
    const std::uint64_t bits = bit_of(name);
    added |= bits;
    named |= bits == kAll ? 0 : bits;
  }
  for (const std::string& name : drop) {
    dropped |= bit_of(name);
  }
  const std::uint64_t all = dropped == kAll ? (added == kAll ? 0 : added) : (default_capabilities() | added) & ~dropped;
  return {all, named & all};
}

std::uint64_t capabilities_of(const launcher::Connection& connection) noexcept {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, connection.pid()};
  std::array<__user_cap_data_struct, 2> has{};
  // by the call, not by /proc, which may be mounted so that it hides processes of others; it fails for a launcher that
  // has ended only, and then the launch fails as well
  if (::syscall(SYS_capget, &header, has.data()) != 0) {
    return kAll;
  }
  return (has[0].permitted | std::uint64_t{has[1].permitted} << 32U) & kAll;
}

std::uint64_t grant(const AskedCapabilities& asked, std::uint64_t available) {
  const std::uint64_t missing = asked.named & ~available;
  if (missing != 0) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "add the capability",
                       .subject = names_of(missing),
                       .detail = {},
                       .cause = cause_of_absence(missing),
                       .code = errc::not_supported,
                       .remedy = "leave it out, or " + remedy_of_absence()}};
  }
  return asked.all & available;
}

std::string names_of(std::uint64_t capabilities) {
  std::vector<std::string_view> names;
  for (std::size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if ((capabilities >> number & 1U) != 0) {
      names.push_back(kCapabilityNames.at(number));
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

std::string cause_of_absence(std::uint64_t capabilities) {
  for (std::size_t number = 0; number < kCapabilityNames.size(); ++number) {
    if ((capabilities >> number & 1U) != 0 && ::prctl(PR_CAPBSET_READ, number) >= 0) {
      return "this process may not have it itself (CapBnd in /proc/self/status)";
    }
  }
  return "this kernel does not know it";
}

std::string remedy_of_absence() {
  return "start this program with it (CapabilityBoundingSet= of its service, --cap-add of the container it is in)";
}

}  // namespace dunnage::launch
