// SPDX-License-Identifier: Apache-2.0
#include "error/nearest.hpp"
#include "error/printable.hpp"
#include "seccomp/place.hpp"
#include "seccomp/profile.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <linux/seccomp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage::seccomp {
namespace {

using Json = nlohmann::json;

struct Word {
  std::string_view name;
  std::uint32_t value;
};

constexpr std::uint32_t kNotify = SECCOMP_RET_USER_NOTIF;
constexpr std::array kActions{Word{"SCMP_ACT_KILL", SECCOMP_RET_KILL_THREAD},
                              Word{"SCMP_ACT_KILL_THREAD", SECCOMP_RET_KILL_THREAD},
                              Word{"SCMP_ACT_KILL_PROCESS", SECCOMP_RET_KILL_PROCESS},
                              Word{"SCMP_ACT_TRAP", SECCOMP_RET_TRAP},
                              Word{"SCMP_ACT_ERRNO", SECCOMP_RET_ERRNO},
                              Word{"SCMP_ACT_TRACE", SECCOMP_RET_TRACE},
                              Word{"SCMP_ACT_ALLOW", SECCOMP_RET_ALLOW},
                              Word{"SCMP_ACT_LOG", SECCOMP_RET_LOG},
                              Word{"SCMP_ACT_NOTIFY", kNotify}};
constexpr std::array kOperators{Word{"SCMP_CMP_NE", 0},       Word{"SCMP_CMP_LT", 1}, Word{"SCMP_CMP_LE", 2},
                                Word{"SCMP_CMP_EQ", 3},       Word{"SCMP_CMP_GE", 4}, Word{"SCMP_CMP_GT", 5},
                                Word{"SCMP_CMP_MASKED_EQ", 6}};
constexpr std::array kFlags{Word{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
                            Word{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
                            // a program begins with one thread, which is what this flag asks for
                            Word{"SECCOMP_FILTER_FLAG_TSYNC", 0}};

constexpr std::array<std::string_view, 7> kMembers{"defaultAction", "defaultErrnoRet", "defaultErrno", "architectures",
                                                   "archMap",       "syscalls",        "flags"};
constexpr std::array<std::string_view, 9> kRuleMembers{"name",     "names",    "action",   "args", "comment",
                                                       "includes", "excludes", "errnoRet", "errno"};
constexpr std::array<std::string_view, 4> kArgumentMembers{"index", "value", "valueTwo", "op"};
constexpr std::array<std::string_view, 3> kWhenMembers{"caps", "arches", "minKernel"};
constexpr std::array<std::string_view, 2> kMapMembers{"architecture", "subArchitectures"};

[[noreturn]] void refuse(const std::string& place, const std::string& what) { throw ProfileFault{place, what}; }

std::string below(const std::string& place, std::string_view member) {
  return place.empty() ? std::string{member} : fmt::format("{}.{}", place, member);
}

void check_members(const Json& value, const std::string& place, std::span<const std::string_view> known) {
  if (!value.is_object()) {
    refuse(place, "it is no object");
  }
  for (const auto& [name, _] : value.items()) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      const auto close = error::nearest(name, known);
      refuse(below(place, error::printable(name.substr(0, 64))),
             close ? fmt::format("there is no such member; did you mean \"{}\"?", *close) : "there is no such member");
    }
  }
}

/// Null where it is absent; so it is where it is null, as Go writes what is empty.
const Json* member(const Json& value, const char* name) {
  const auto found = value.find(name);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

std::string text_of(const Json& value, const std::string& place) {
  if (!value.is_string()) {
    refuse(place, "it is no text");
  }
  return value.get<std::string>();
}

std::uint64_t number_in(const Json& value, const std::string& place, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) {
    refuse(place, fmt::format("it is no whole number from 0 to {}", most));
  }
  return value.get<std::uint64_t>();
}

std::uint32_t word_of(const Json& value, const std::string& place, std::span<const Word> words) {
  const std::string text = text_of(value, place);
  std::vector<std::string_view> names;
  for (const Word& word : words) {
    if (word.name == text) {
      return word.value;
    }
    names.push_back(word.name);
  }
  const auto close = error::nearest(text, std::span<const std::string_view>{names});
  refuse(place, fmt::format("\"{}\" is unknown{}", error::printable(text.substr(0, 64)),
                            close ? fmt::format("; did you mean \"{}\"?", *close) : std::string{}));
}

std::vector<std::string> texts_of(const Json* list, const std::string& place) {
  std::vector<std::string> texts;
  if (list == nullptr) {
    return texts;
  }
  if (!list->is_array()) {
    refuse(place, "it is no list");
  }
  for (std::size_t index = 0; index < list->size(); ++index) {
    texts.push_back(text_of((*list)[index], fmt::format("{}[{}]", place, index)));
  }
  return texts;
}

/// Docker's errnoRet is a number; Podman's errno beside it is its name, which says the same.
std::uint32_t action_of(const Json& value, const std::string& place, const char* action, const char* number) {
  const Json* const named = member(value, action);
  if (named == nullptr) {
    refuse(below(place, action), "it is missing");
  }
  const std::uint32_t kind = word_of(*named, below(place, action), kActions);
  if (kind == kNotify) {
    refuse(below(place, action), "nobody listens to notifications of a filter here");
  }
  std::uint32_t data = kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE ? 1 : 0;  // EPERM, as with libseccomp
  if (const Json* const given = member(value, number)) {
    constexpr std::uint64_t kMostErrno = 4095;
    data = static_cast<std::uint32_t>(number_in(*given, below(place, number), kMostErrno));
    data = kind == SECCOMP_RET_ERRNO || kind == SECCOMP_RET_TRACE ? data : 0;
  }
  return kind | data;
}

std::uint32_t kernel_of(const std::string& text, const std::string& place) {
  unsigned major = 0;
  unsigned minor = 0;
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, major);
  const bool dot = first.ec == std::errc{} && first.ptr != end && *first.ptr == '.';
  const auto second = dot ? std::from_chars(first.ptr + 1, end, minor) : first;
  if (!dot || second.ec != std::errc{} || second.ptr != end || major > 255 || minor > 65535) {
    refuse(place, fmt::format("\"{}\" is no version such as 4.8", error::printable(text.substr(0, 64))));
  }
  return major << 16U | minor;
}

When when_of(const Json* value, const std::string& place) {
  When when;
  if (value == nullptr) {
    return when;
  }
  check_members(*value, place, kWhenMembers);
  when.capabilities = texts_of(member(*value, "caps"), below(place, "caps"));
  for (std::string& name : when.capabilities) {
    if (!name.starts_with("CAP_")) {
      refuse(below(place, "caps"),
             fmt::format("\"{}\" does not begin with CAP_", error::printable(name.substr(0, 64))));
    }
    name.erase(0, 4);
  }
  when.architectures = texts_of(member(*value, "arches"), below(place, "arches"));
  if (const Json* const kernel = member(*value, "minKernel")) {
    const std::string text = text_of(*kernel, below(place, "minKernel"));
    if (!text.empty()) {
      when.kernel = kernel_of(text, below(place, "minKernel"));
    }
  }
  return when;
}

Condition condition_of(const Json& value, const std::string& place) {
  check_members(value, place, kArgumentMembers);
  const auto need = [&](const char* name) -> const Json& {
    const Json* const found = member(value, name);
    if (found == nullptr) {
      refuse(below(place, name), "it is missing");
    }
    return *found;
  };
  constexpr auto kAny = std::numeric_limits<std::uint64_t>::max();
  Condition condition;
  condition.index = static_cast<unsigned>(number_in(need("index"), below(place, "index"), kArguments - 1));
  condition.value = number_in(need("value"), below(place, "value"), kAny);
  if (const Json* const two = member(value, "valueTwo")) {
    condition.value_two = number_in(*two, below(place, "valueTwo"), kAny);
  }
  condition.comparison = static_cast<Operator>(word_of(need("op"), below(place, "op"), kOperators));
  return condition;
}

Rule rule_of(const Json& value, const std::string& place) {
  check_members(value, place, kRuleMembers);
  Rule rule;
  const Json* const name = member(value, "name");
  const Json* const names = member(value, "names");
  if (name != nullptr && names != nullptr) {
    refuse(below(place, "name"), "it stands beside \"names\"; one of them is enough");
  }
  rule.names =
      name == nullptr ? texts_of(names, below(place, "names")) : std::vector{text_of(*name, below(place, "name"))};
  if (rule.names.empty()) {
    refuse(below(place, "names"), "it names no system call");
  }
  rule.action = action_of(value, place, "action", "errnoRet");
  if (const Json* const arguments = member(value, "args")) {
    if (!arguments->is_array()) {
      refuse(below(place, "args"), "it is no list");
    }
    for (std::size_t index = 0; index < arguments->size(); ++index) {
      rule.conditions.push_back(condition_of((*arguments)[index], fmt::format("{}.args[{}]", place, index)));
    }
  }
  rule.includes = when_of(member(value, "includes"), below(place, "includes"));
  rule.excludes = when_of(member(value, "excludes"), below(place, "excludes"));
  return rule;
}

void read_architectures(const Json& value, Profile& profile) {
  profile.architectures = texts_of(member(value, "architectures"), "architectures");
  const Json* const map = member(value, "archMap");
  if (map == nullptr) {
    return;
  }
  if (!map->is_array()) {
    refuse("archMap", "it is no list");
  }
  if (!profile.architectures.empty() && !map->empty()) {
    refuse("archMap", "it stands beside \"architectures\"; one of them is enough");
  }
  for (std::size_t index = 0; index < map->size(); ++index) {
    const std::string place = fmt::format("archMap[{}]", index);
    check_members((*map)[index], place, kMapMembers);
    const Json* const own = member((*map)[index], "architecture");
    if (own == nullptr) {
      refuse(below(place, "architecture"), "it is missing");
    }
    profile.architecture_map.push_back(
        {text_of(*own, below(place, "architecture")),
         texts_of(member((*map)[index], "subArchitectures"), below(place, "subArchitectures"))});
  }
}

void read_flags(const Json& value, Profile& profile) {
  profile.flags = SECCOMP_FILTER_FLAG_SPEC_ALLOW;  // as runc has it where a profile says nothing
  if (const Json* const flags = member(value, "flags")) {
    if (!flags->is_array()) {
      refuse("flags", "it is no list");
    }
    profile.flags = 0;
    for (std::size_t index = 0; index < flags->size(); ++index) {
      profile.flags |= word_of((*flags)[index], fmt::format("flags[{}]", index), kFlags);
    }
  }
}

Profile profile_of(const Json& value) {
  check_members(value, "", kMembers);
  Profile profile;
  profile.default_action = action_of(value, "", "defaultAction", "defaultErrnoRet");
  read_architectures(value, profile);
  read_flags(value, profile);
  const Json* const rules = member(value, "syscalls");
  if (rules != nullptr && !rules->is_array()) {
    refuse("syscalls", "it is no list");
  }
  std::size_t conditions = 0;
  for (std::size_t index = 0; rules != nullptr && index < rules->size(); ++index) {
    const std::string place = fmt::format("syscalls[{}]", index);
    profile.rules.push_back(rule_of((*rules)[index], place));
    conditions += profile.rules.back().conditions.size() * profile.rules.back().names.size();
    if (conditions > kMostConditions) {
      refuse(place, fmt::format("there are more than {} conditions", kMostConditions));
    }
  }
  return profile;
}

}  // namespace

ProfileFault ProfileFault::in(std::string_view text) const {
  const std::string line = fmt::format("line {}", line_of(text, place_));
  return {place_.empty() ? line : fmt::format("{}: {}", line, place_), what()};
}

Profile parse_profile(std::string_view text) {
  if (text.size() > kMostProfileBytes) {
    refuse("", fmt::format("it is larger than {} bytes", kMostProfileBytes));
  }
  try {
    return profile_of(Json::parse(text));
  } catch (const ProfileFault& fault) {
    throw fault.in(text);
  } catch (const Json::parse_error& fault) {
    const std::string_view before = text.substr(0, std::min(text.size(), fault.byte == 0 ? 0 : fault.byte - 1));
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    refuse(fmt::format("line {}", line), "it is no JSON");
  } catch (const Json::exception&) {
    refuse("", "it is no JSON of a profile");
  }
}

}  // namespace dunnage::seccomp
