// SPDX-License-Identifier: Apache-2.0
#include <dunnage/error.hpp>
#include <dunnage/resources.hpp>

#include "cgroup/number_set.hpp"
#include "cgroup/resources_json.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dunnage {
namespace {

constexpr std::int64_t kLeastMemory = 6 << 20;
constexpr double kLeastProcessors = 0.01;
constexpr double kMostProcessors = 1e6;
constexpr std::int64_t kLeastQuota = 1000;
constexpr std::int64_t kLongestPeriod = 1'000'000;
constexpr std::int64_t kMostShares = 262144;

[[noreturn]] void refuse(std::string cause, std::string remedy) {
  throw LaunchError{{.stage = Stage::Launch,
                     .operation = "limit container",
                     .subject = {},
                     .detail = {},
                     .cause = std::move(cause),
                     .code = errc::invalid_argument,
                     .remedy = std::move(remedy)}};
}

bool is_limit(const std::optional<std::int64_t>& value) { return value && *value != kUnlimited; }

void check_range(std::string_view what, const std::optional<std::int64_t>& value, std::int64_t least, std::int64_t most,
                 bool unlimited) {
  if (value && (*value < least || *value > most) && !(unlimited && *value == kUnlimited)) {
    refuse(fmt::format("{} is {}", what, *value),
           most == INT64_MAX ? fmt::format("give at least {}{}", least, unlimited ? ", or -1 for no limit" : "")
                             : fmt::format("give {} to {}", least, most));
  }
}

void check_memory(const Resources& resources) {
  check_range("memory", resources.memory, kLeastMemory, INT64_MAX, true);
  check_range("memory_reservation", resources.memory_reservation, kLeastMemory, INT64_MAX, true);
  check_range("memory_swap", resources.memory_swap, kLeastMemory, INT64_MAX, true);
  if (is_limit(resources.memory_swap) && !is_limit(resources.memory)) {
    refuse("memory_swap, which is memory and swap together, has no memory to go with", "set memory, too");
  }
  if (is_limit(resources.memory_swap) && *resources.memory_swap < *resources.memory) {
    refuse(fmt::format("memory_swap, which is memory and swap together, is {}, less than memory, {}",
                       *resources.memory_swap, *resources.memory),
           "make it at least as much; equal for no swap");
  }
  if (is_limit(resources.memory) && is_limit(resources.memory_reservation) &&
      *resources.memory_reservation > *resources.memory) {
    refuse(
        fmt::format("memory_reservation is {}, more than memory, {}", *resources.memory_reservation, *resources.memory),
        "reserve at most what it may use");
  }
}

void check_processors(const Resources& resources) {
  if (resources.cpus && (resources.cpu_quota || resources.cpu_period)) {
    refuse("cpus says the same as cpu_quota and cpu_period", "leave out the one or the other");
  }
  if (resources.cpus && !(*resources.cpus >= kLeastProcessors && *resources.cpus <= kMostProcessors)) {
    refuse(fmt::format("cpus is {}", *resources.cpus), "give at least 0.01");
  }
  check_range("cpu_quota", resources.cpu_quota, kLeastQuota, INT64_MAX / 1000, true);
  check_range("cpu_period", resources.cpu_period, kLeastQuota, kLongestPeriod, false);
  check_range("cpu_shares", resources.cpu_shares, 2, kMostShares, false);
  for (const auto& [what, text] :
       {std::pair{"cpuset_cpus", &resources.cpuset_cpus}, std::pair{"cpuset_mems", &resources.cpuset_mems}}) {
    if (!text->empty() && !cgroup::parse_number_set(*text)) {
      refuse(fmt::format("{} is \"{}\", which is no list of numbers", what, *text), "write it as \"0-3,7\"");
    }
  }
}

void check_devices(const Resources& resources) {
  constexpr std::int64_t kMostWeight = 1000;
  check_range("blkio_weight", resources.blkio_weight, 10, kMostWeight, false);
  for (const auto* rates : {&resources.device_read_bps, &resources.device_write_bps, &resources.device_read_iops,
                            &resources.device_write_iops}) {
    for (const DeviceRate& rate : *rates) {
      if (!rate.device.is_absolute() || rate.device.native().find('\0') != std::string::npos) {
        refuse(fmt::format("the device \"{}\" is no absolute path", rate.device.native()), "write it as \"/dev/sda\"");
      }
      if (rate.rate == 0 || rate.rate > static_cast<std::uint64_t>(INT64_MAX)) {
        refuse(fmt::format("the rate of {} is {}", rate.device.native(), rate.rate),
               "give at least 1 each second, or leave the device out");
      }
    }
  }
}

template <typename Value>
void take(Value& known, const Value& changed) {
  if (changed != Value{}) {
    known = changed;
  }
}

}  // namespace

void Resources::check() const {
  check_memory(*this);
  check_range("pids", pids, 1, INT64_MAX, true);
  check_processors(*this);
  check_devices(*this);
}

Resources Resources::with(const Resources& changes) const {
  Resources result = *this;
  if (changes.cpus) {
    result.cpu_quota.reset();
    result.cpu_period.reset();
  }
  if (changes.cpu_quota || changes.cpu_period) {
    result.cpus.reset();
  }
  take(result.memory, changes.memory);
  take(result.memory_swap, changes.memory_swap);
  take(result.memory_reservation, changes.memory_reservation);
  take(result.pids, changes.pids);
  take(result.cpus, changes.cpus);
  take(result.cpu_quota, changes.cpu_quota);
  take(result.cpu_period, changes.cpu_period);
  take(result.cpu_shares, changes.cpu_shares);
  take(result.cpuset_cpus, changes.cpuset_cpus);
  take(result.cpuset_mems, changes.cpuset_mems);
  take(result.blkio_weight, changes.blkio_weight);
  take(result.device_read_bps, changes.device_read_bps);
  take(result.device_write_bps, changes.device_write_bps);
  take(result.device_read_iops, changes.device_read_iops);
  take(result.device_write_iops, changes.device_write_iops);
  result.statistics = statistics || changes.statistics;
  return result;
}

std::string Resources::to_json() const { return cgroup::to_value(*this).dump(); }

}  // namespace dunnage
