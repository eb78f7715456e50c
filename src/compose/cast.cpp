// SPDX-License-Identifier: Apache-2.0
#include "compose/cast.hpp"

#include "error/printable.hpp"
#include "spec/lower.hpp"
#include "spec/value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>

namespace dunnage::compose {
namespace {

enum class Wanted { Boolean, Integer, Float, Umask };

struct CastRule {
  std::string_view pattern;
  Wanted wanted;
};

constexpr std::array kTopRules{
    CastRule{"networks.*.external", Wanted::Boolean},    CastRule{"networks.*.internal", Wanted::Boolean},
    CastRule{"networks.*.attachable", Wanted::Boolean},  CastRule{"networks.*.enable_ipv4", Wanted::Boolean},
    CastRule{"networks.*.enable_ipv6", Wanted::Boolean}, CastRule{"volumes.*.external", Wanted::Boolean},
    CastRule{"secrets.*.external", Wanted::Boolean},     CastRule{"configs.*.external", Wanted::Boolean},
};

/// Below a service.
constexpr std::array kServiceRules{
    CastRule{"cpu_count", Wanted::Integer},
    CastRule{"cpu_percent", Wanted::Float},
    CastRule{"cpu_period", Wanted::Integer},
    CastRule{"cpu_quota", Wanted::Integer},
    CastRule{"cpu_rt_period", Wanted::Integer},
    CastRule{"cpu_rt_runtime", Wanted::Integer},
    CastRule{"cpus", Wanted::Float},
    CastRule{"cpu_shares", Wanted::Integer},
    CastRule{"init", Wanted::Boolean},
    CastRule{"networks.*.use_service_name_alias", Wanted::Boolean},
    CastRule{"oom_kill_disable", Wanted::Boolean},
    CastRule{"oom_score_adj", Wanted::Integer},
    CastRule{"pids_limit", Wanted::Integer},
    CastRule{"privileged", Wanted::Boolean},
    CastRule{"read_only", Wanted::Boolean},
    CastRule{"umask", Wanted::Umask},
    CastRule{"ulimits.*", Wanted::Integer},
    CastRule{"ulimits.*.hard", Wanted::Integer},
    CastRule{"ulimits.*.soft", Wanted::Integer},
    CastRule{"volumes.[].read_only", Wanted::Boolean},
    CastRule{"volumes.[].volume.nocopy", Wanted::Boolean},
    CastRule{"depends_on.*.required", Wanted::Boolean},
    CastRule{"depends_on.*.restart", Wanted::Boolean},
    CastRule{"healthcheck.retries", Wanted::Integer},
    CastRule{"healthcheck.disable", Wanted::Boolean},
    CastRule{"ports.[].target", Wanted::Integer},
    CastRule{"stdin_open", Wanted::Boolean},
    CastRule{"tty", Wanted::Boolean},
    CastRule{"deploy.replicas", Wanted::Integer},
    CastRule{"deploy.update_config.parallelism", Wanted::Integer},
    CastRule{"deploy.update_config.max_failure_ratio", Wanted::Float},
    CastRule{"deploy.rollback_config.parallelism", Wanted::Integer},
    CastRule{"deploy.rollback_config.max_failure_ratio", Wanted::Float},
    CastRule{"deploy.restart_policy.max_attempts", Wanted::Integer},
    CastRule{"deploy.placement.max_replicas_per_node", Wanted::Integer},
    CastRule{"scale", Wanted::Integer},
};

const CastRule* find_rule(const Path& path) {
  if (path.size() < 3) {
    return nullptr;
  }
  const auto by = [](const auto& rules, const Path& below) -> const CastRule* {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const CastRule& rule) { return matches(below, rule.pattern); });
    return found == rules.end() ? nullptr : &*found;
  };
  if (path[0] == "services" || path[0] == "jobs") {
    const bool hook = path.size() > 4 && path[2] == "pre_start";
    return by(kServiceRules, Path(path.begin() + (hook ? 4 : 2), path.end()));
  }
  return path.size() == 3 ? by(kTopRules, path) : nullptr;
}

[[noreturn]] void refuse(const Texts& texts, const Value& value, const Path& path, std::string_view wanted) {
  texts.refuse(value.mark, to_string(path), fmt::format("\"{}\" is not {}", error::shortened(value.text()), wanted),
               fmt::format("give {}", wanted));
}

}  // namespace

std::optional<bool> boolean_of(std::string_view text) {
  const std::string word = spec::lower(text);
  if (word == "true" || word == "y" || word == "yes" || word == "on") {
    return true;
  }
  if (word == "false" || word == "n" || word == "no" || word == "off") {
    return false;
  }
  return std::nullopt;
}

std::optional<std::int64_t> integer_of(std::string_view text) {
  if (text.starts_with('+') && !text.substr(1).starts_with('-')) {
    text.remove_prefix(1);
  }
  std::int64_t number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number);
  return !text.empty() && fault == std::errc{} && end == stop ? std::optional{number} : std::nullopt;
}

std::optional<double> float_of(std::string_view text) {
  if (text.starts_with('+') && !text.substr(1).starts_with('-')) {
    text.remove_prefix(1);
  }
  double number = 0;
  const char* const stop = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data(), stop, number);
  return !text.empty() && fault == std::errc{} && end == stop && std::isfinite(number) ? std::optional{number}
                                                                                       : std::nullopt;
}

std::optional<std::int64_t> bytes_of(std::string_view text) {
  if (const auto number = integer_of(text)) {
    return number;
  }
  const auto size = spec::parse_size(text);
  constexpr auto kGreatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return size && *size <= kGreatest ? std::optional{static_cast<std::int64_t>(*size)} : std::nullopt;
}

void cast(const Texts& texts, Value& value, const Path& path) {
  const CastRule* const rule = find_rule(path);
  if (rule == nullptr) {
    return;
  }
  const std::string text = value.text();
  switch (rule->wanted) {
    case Wanted::Boolean:
      if (const auto boolean = boolean_of(text)) {
        return value.set(*boolean);
      }
      refuse(texts, value, path, "a boolean");
    case Wanted::Integer:
      if (const auto number = integer_of(text)) {
        return value.set(*number);
      }
      refuse(texts, value, path, "a whole number");
    case Wanted::Float:
      if (const auto number = float_of(text)) {
        return value.set(*number);
      }
      refuse(texts, value, path, "a number");
    case Wanted::Umask: {
      const bool octal = text.size() > 1 && text.front() == '0';
      const std::string_view digits = std::string_view{text}.substr(text.starts_with("0o") ? 2 : 0);
      std::uint32_t mask = 0;
      const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), mask, octal ? 8 : 10);
      if (!digits.empty() && fault == std::errc{} && end == digits.data() + digits.size()) {
        return value.set(static_cast<std::int64_t>(mask));
      }
      refuse(texts, value, path, "a mask of permissions");
    }
  }
}

}  // namespace dunnage::compose
