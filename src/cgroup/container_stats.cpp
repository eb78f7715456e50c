// SPDX-License-Identifier: Apache-2.0
#include <dunnage/resources.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <chrono>
#include <ostream>
#include <string>

namespace dunnage {
namespace {

struct Count {
  const char* key;
  std::optional<std::uint64_t> ContainerStats::*member;
};
constexpr Count kCounts[] = {
    {"MemoryCurrent", &ContainerStats::memory_current},
    {"MemoryInactiveFile", &ContainerStats::memory_inactive_file},
    {"MemoryPeak", &ContainerStats::memory_peak},
    {"MemoryLimit", &ContainerStats::memory_limit},
    {"SwapCurrent", &ContainerStats::swap_current},
    {"SwapLimit", &ContainerStats::swap_limit},
    {"OomKills", &ContainerStats::oom_kills},
    {"PidsCurrent", &ContainerStats::pids_current},
    {"PidsLimit", &ContainerStats::pids_limit},
    {"CpuPeriods", &ContainerStats::cpu_periods},
    {"CpuThrottledPeriods", &ContainerStats::cpu_throttled_periods},
    {"IoReadBytes", &ContainerStats::io_read_bytes},
    {"IoWriteBytes", &ContainerStats::io_write_bytes},
};

struct Duration {
  const char* key;
  std::optional<std::chrono::nanoseconds> ContainerStats::*member;
};
constexpr Duration kDurations[] = {{"CpuUser", &ContainerStats::cpu_user},
                                   {"CpuSystem", &ContainerStats::cpu_system},
                                   {"CpuThrottledTime", &ContainerStats::cpu_throttled_time}};

}  // namespace

std::string ContainerStats::to_string() const {
  std::string text;
  const auto add = [&](const char* key, auto value) {
    text += fmt::format("{}{:<22}{}", text.empty() ? "" : "\n", key, value);
  };
  for (const auto& [key, member] : kCounts) {
    if (this->*member) add(key, *(this->*member));
  }
  for (const auto& [key, member] : kDurations) {
    if (this->*member) add(key, fmt::format("{} ns", (this->*member)->count()));
  }
  return text.empty() ? "no figures" : text;
}

std::string ContainerStats::to_json() const {
  nlohmann::ordered_json value = nlohmann::ordered_json::object();
  for (const auto& [key, member] : kCounts) {
    value[key] = nullptr;
    if (this->*member) value[key] = *(this->*member);
  }
  for (const auto& [key, member] : kDurations) {
    value[key] = nullptr;
    if (this->*member) value[key] = (this->*member)->count();
  }
  return value.dump();
}

std::ostream& operator<<(std::ostream& out, const ContainerStats& stats) { return out << stats.to_string(); }

}  // namespace dunnage
