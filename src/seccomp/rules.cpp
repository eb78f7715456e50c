// SPDX-License-Identifier: Apache-2.0
#include "seccomp/rules.hpp"

#include "error/printable.hpp"
#include "kernel/capability_names.hpp"

#include <fmt/format.h>

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dunnage::seccomp {
namespace {

constexpr std::uint32_t kNoSuchCall = SECCOMP_RET_ERRNO | ENOSYS;

/// From here on an architecture has old calls of its own, above those that are new everywhere.
std::uint32_t first_own_call(Architecture architecture) noexcept {
  constexpr std::uint32_t kNone = ~std::uint32_t{0};
  return architecture == Architecture::X32 ? kFirstOfX32 : architecture == Architecture::Arm ? 0xf0000 : kNone;
}

struct Narrow {
  std::string_view name;
  std::uint32_t arguments;  ///< one bit each
};

/// Arguments of 32 bits: the kernel takes no notice of the upper half of the register, so a comparison of all of it
/// could be stepped around by setting a bit there.
constexpr std::array kNarrow{
    Narrow{"socket", 7},   Narrow{"socketpair", 7}, Narrow{"personality", 1}, Narrow{"ioctl", 3},
    Narrow{"fcntl", 3},    Narrow{"prctl", 1},      Narrow{"keyctl", 1},      Narrow{"bpf", 1},
    Narrow{"setns", 3},    Narrow{"setsockopt", 7}, Narrow{"getsockopt", 7},  Narrow{"arch_prctl", 1},
    Narrow{"quotactl", 1}, Narrow{"futex", 2},      Narrow{"seccomp", 3},     Narrow{"madvise", 4},
    Narrow{"kill", 3},     Narrow{"tgkill", 7},     Narrow{"tkill", 3},       Narrow{"socketcall", 1},
    Narrow{"open", 6},     Narrow{"openat", 13},    Narrow{"kcmp", 7},        Narrow{"clock_settime", 1}};

bool is_narrow(std::string_view name, unsigned index) noexcept {
  for (const Narrow& one : kNarrow) {
    if (one.name == name) {
      return (one.arguments >> index & 1U) != 0;
    }
  }
  return false;
}

bool granted(std::string_view name, std::uint64_t capabilities) noexcept {
  const auto found = std::find(kernel::kCapabilityNames.begin(), kernel::kCapabilityNames.end(), name);
  return found != kernel::kCapabilityNames.end() &&
         (capabilities >> static_cast<unsigned>(found - kernel::kCapabilityNames.begin()) & 1U) != 0;
}

bool counts(const Rule& rule, const Target& target) {
  const std::string own{go_name(target.native)};
  const auto named = [&](const std::vector<std::string>& list) {
    return std::find(list.begin(), list.end(), own) != list.end();
  };
  const auto has = [&](const std::string& name) { return granted(name, target.capabilities); };
  const When& in = rule.includes;
  const When& out = rule.excludes;
  return (in.architectures.empty() || named(in.architectures)) &&
         std::all_of(in.capabilities.begin(), in.capabilities.end(), has) &&
         (!in.kernel || target.kernel >= *in.kernel) && !named(out.architectures) &&
         std::none_of(out.capabilities.begin(), out.capabilities.end(), has) &&
         (!out.kernel || target.kernel < *out.kernel);
}

/// How much an action forbids, as the kernel decides between two filters.
unsigned strictness(std::uint32_t action) noexcept {
  switch (action & SECCOMP_RET_ACTION_FULL) {
    case SECCOMP_RET_KILL_PROCESS:
      return 6;
    case SECCOMP_RET_KILL_THREAD:
      return 5;
    case SECCOMP_RET_TRAP:
      return 4;
    case SECCOMP_RET_ERRNO:
      return 3;
    case SECCOMP_RET_TRACE:
      return 2;
    case SECCOMP_RET_LOG:
      return 1;
    default:
      return 0;
  }
}

struct Found {
  std::vector<Alternative> alternatives;
  std::optional<std::uint32_t> unconditional;
};

/// As runc has it: conditions on different arguments all have to hold, of several on the same one any.
void add_conditions(const Rule& rule, const std::string& name, Found& found) {
  std::array<unsigned, kArguments> uses{};
  for (const Condition& condition : rule.conditions) {
    ++uses.at(condition.index);
  }
  std::vector<Test> tests;
  for (const Condition& condition : rule.conditions) {
    tests.push_back({condition, is_narrow(name, condition.index)});
  }
  if (std::any_of(uses.begin(), uses.end(), [](unsigned count) { return count > 1; })) {
    for (const Test& test : tests) {
      found.alternatives.push_back({{test}, rule.action});
    }
  } else {
    found.alternatives.push_back({std::move(tests), rule.action});
  }
}

/// Of several rules that hold the strictest counts.
Verdict verdict_of(Found found, std::uint32_t default_action) {
  const std::uint32_t otherwise = found.unconditional.value_or(default_action);
  if (found.unconditional) {
    std::erase_if(found.alternatives,
                  [&](const Alternative& one) { return strictness(one.action) <= strictness(otherwise); });
  }
  std::stable_sort(found.alternatives.begin(), found.alternatives.end(), [](const auto& left, const auto& right) {
    return strictness(left.action) > strictness(right.action);
  });
  return {std::move(found.alternatives), otherwise};
}

/// What a profile says of the calls of an architecture.
struct Mentioned {
  std::map<std::uint32_t, Found> calls;
  std::uint32_t newest = 0;
};

void add_rule(const Rule& rule, const std::string& name, Found& found) {
  if (!rule.conditions.empty()) {
    add_conditions(rule, name, found);
  } else if (!found.unconditional || strictness(rule.action) > strictness(*found.unconditional)) {
    found.unconditional = rule.action;
  }
}

Mentioned mentioned_in(const Profile& profile, const Target& target, Architecture architecture) {
  Mentioned mentioned;
  for (std::size_t index = 0; index < profile.rules.size(); ++index) {
    const Rule& rule = profile.rules[index];
    const bool matters = counts(rule, target);
    for (const std::string& name : rule.names) {
      const auto number = number_of(architecture, name);
      if (!number) {
        if (strictness(rule.action) > strictness(profile.default_action) && !is_system_call(name)) {
          throw ProfileFault{
              fmt::format("syscalls[{}].names", index),
              fmt::format("\"{}\" is no system call, so it cannot be forbidden", error::printable(name.substr(0, 64)))};
        }
        continue;
      }
      if (*number < first_own_call(architecture)) {
        mentioned.newest = std::max(mentioned.newest, *number);
      }
      Found& found = mentioned.calls[*number];
      if (matters) {
        add_rule(rule, name, found);
      }
    }
  }
  return mentioned;
}

Calls calls_of(const Profile& profile, const Target& target, Architecture architecture) {
  const Mentioned mentioned = mentioned_in(profile, target, architecture);
  const bool permissive = strictness(profile.default_action) <= 1;
  Calls calls{architecture, {}};
  const auto add = [&](std::uint32_t number, Verdict verdict) {
    if (calls.ranges.empty() || !(calls.ranges.back().verdict == verdict)) {
      calls.ranges.push_back({number, std::move(verdict)});
    }
  };
  const auto add_all = [&](std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t number = first; number < end; ++number) {
      const auto found = mentioned.calls.find(number);
      const bool absent = found == mentioned.calls.end();
      const bool fallback = absent && !permissive && !is_known(architecture, number);
      add(number, absent ? Verdict{{}, fallback ? kNoSuchCall : profile.default_action}
                         : verdict_of(found->second, profile.default_action));
    }
    add(end, {{}, permissive ? profile.default_action : kNoSuchCall});
  };
  add_all(0, mentioned.newest + 1);
  const auto own = mentioned.calls.lower_bound(first_own_call(architecture));
  if (own != mentioned.calls.end()) {
    add_all(own->first, mentioned.calls.rbegin()->first + 1);
  }
  return calls;
}

std::vector<Architecture> architectures_of(const Profile& profile, Architecture native) {
  std::vector<Architecture> all{native};
  const auto add = [&](const std::vector<std::string>& names) {
    for (const std::string& name : names) {
      const auto one = architecture_named(name);
      const bool runs =
          one && ((native == Architecture::X86_64 && (*one == Architecture::X86 || *one == Architecture::X32)) ||
                  (native == Architecture::Aarch64 && *one == Architecture::Arm));
      if (runs && std::find(all.begin(), all.end(), *one) == all.end()) {
        all.push_back(*one);
      }
    }
  };
  add(profile.architectures);
  for (const ArchitectureGroup& group : profile.architecture_map) {
    if (architecture_named(group.architecture) == native) {
      add(group.below);
    }
  }
  return all;
}

}  // namespace

std::vector<Calls> calls_of(const Profile& profile, const Target& target) {
  std::vector<Calls> all;
  for (const Architecture architecture : architectures_of(profile, target.native)) {
    all.push_back(calls_of(profile, target, architecture));
  }
  return all;
}

}  // namespace dunnage::seccomp
