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

struct Rule {
  std::string_view pattern;
  Wanted wanted;
};

constexpr std::array kTopRules{
    Rule{"networks.*.external", Wanted::Boolean},    Rule{"networks.*.internal", Wanted::Boolean},
    Rule{"networks.*.attachable", Wanted::Boolean},  Rule{"networks.*.enable_ipv4", Wanted::Boolean},
    Rule{"networks.*.enable_ipv6", Wanted::Boolean}, Rule{"volumes.*.external", Wanted::Boolean},
    Rule{"secrets.*.external", Wanted::Boolean},     Rule{"configs.*.external", Wanted::Boolean},
};

/// Below a service.
constexpr std::array kServiceRules{
    Rule{"cpu_count", Wanted::Integer},
    Rule{"cpu_percent", Wanted::Float},
    Rule{"cpu_period", Wanted::Integer},
    Rule{"cpu_quota", Wanted::Integer},
    Rule{"cpu_rt_period", Wanted::Integer},
    Rule{"cpu_rt_runtime", Wanted::Integer},
    Rule{"cpus", Wanted::Float},
    Rule{"cpu_shares", Wanted::Integer},
    Rule{"init", Wanted::Boolean},
    Rule{"networks.*.use_service_name_alias", Wanted::Boolean},
    Rule{"oom_kill_disable", Wanted::Boolean},
    Rule{"oom_score_adj", Wanted::Integer},
    Rule{"pids_limit", Wanted::Integer},
    Rule{"privileged", Wanted::Boolean},
    Rule{"read_only", Wanted::Boolean},
    Rule{"umask", Wanted::Umask},
    Rule{"ulimits.*", Wanted::Integer},
    Rule{"ulimits.*.hard", Wanted::Integer},
    Rule{"ulimits.*.soft", Wanted::Integer},
    Rule{"volumes.[].read_only", Wanted::Boolean},
    Rule{"volumes.[].volume.nocopy", Wanted::Boolean},
    Rule{"depends_on.*.required", Wanted::Boolean},
    Rule{"depends_on.*.restart", Wanted::Boolean},
    Rule{"healthcheck.retries", Wanted::Integer},
    Rule{"healthcheck.disable", Wanted::Boolean},
    Rule{"ports.[].target", Wanted::Integer},
    Rule{"stdin_open", Wanted::Boolean},
    Rule{"tty", Wanted::Boolean},
    Rule{"deploy.replicas", Wanted::Integer},
    Rule{"deploy.update_config.parallelism", Wanted::Integer},
    Rule{"deploy.update_config.max_failure_ratio", Wanted::Float},
    Rule{"deploy.rollback_config.parallelism", Wanted::Integer},
    Rule{"deploy.rollback_config.max_failure_ratio", Wanted::Float},
    Rule{"deploy.restart_policy.max_attempts", Wanted::Integer},
    Rule{"deploy.placement.max_replicas_per_node", Wanted::Integer},
    Rule{"scale", Wanted::Integer},
};

const Rule* find_rule(const Path& path) {
  if (path.size() < 3) {
    return nullptr;
  }
  const auto by = [](const auto& rules, const Path& below) -> const Rule* {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const Rule& rule) { return matches(below, rule.pattern); });
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
  const Rule* const rule = find_rule(path);
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
