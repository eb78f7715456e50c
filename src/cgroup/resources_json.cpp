// SPDX-License-Identifier: Apache-2.0
#include "cgroup/resources_json.hpp"

#include "model/json_text.hpp"

#include <cmath>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dunnage::cgroup {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kNano = 1e9;
constexpr double kMostProcessors = 1e6;

struct NumberKey {
  const char* key;
  std::optional<std::int64_t> Resources::*member;
};
constexpr NumberKey kNumberKeys[] = {
    {"Memory", &Resources::memory},
    {"MemorySwap", &Resources::memory_swap},
    {"MemoryReservation", &Resources::memory_reservation},
    {"PidsLimit", &Resources::pids},
    {"CpuQuota", &Resources::cpu_quota},
    {"CpuPeriod", &Resources::cpu_period},
    {"CpuShares", &Resources::cpu_shares},
    {"BlkioWeight", &Resources::blkio_weight},
};

struct RateKey {
  const char* key;
  std::vector<DeviceRate> Resources::*member;
};
constexpr RateKey kRateKeys[] = {
    {"BlkioDeviceReadBps", &Resources::device_read_bps},
    {"BlkioDeviceWriteBps", &Resources::device_write_bps},
    {"BlkioDeviceReadIOps", &Resources::device_read_iops},
    {"BlkioDeviceWriteIOps", &Resources::device_write_iops},
};

struct SetKey {
  const char* key;
  std::string Resources::*member;
};
constexpr SetKey kSetKeys[] = {{"CpusetCpus", &Resources::cpuset_cpus}, {"CpusetMems", &Resources::cpuset_mems}};

Json to_value(const std::vector<DeviceRate>& rates) {
  Json value = Json::array();
  for (const DeviceRate& rate : rates) {
    value.push_back({{"Path", model::to_json_text(rate.device.native())}, {"Rate", rate.rate}});
  }
  return value;
}

std::vector<DeviceRate> rates_of(const Json& value) {
  std::vector<DeviceRate> rates;
  for (const Json& item : value) {
    if (!item.at("Rate").is_number_unsigned()) {
      throw std::invalid_argument{"a rate is no number"};
    }
    rates.push_back({model::from_json_text(item.at("Path")), item.at("Rate").get<std::uint64_t>()});
  }
  return rates;
}

std::int64_t number_of(const Json& value) {
  if (!value.is_number_integer()) {
    throw std::invalid_argument{"a limit is no whole number"};
  }
  return value.get<std::int64_t>();
}

}  // namespace

Json to_value(const Resources& resources) {
  Json value = Json::object();
  for (const auto& [key, member] : kNumberKeys) {
    if (resources.*member) value[key] = *(resources.*member);
  }
  if (resources.cpus) {
    value["NanoCpus"] = std::llround(*resources.cpus * kNano);
  }
  for (const auto& [key, member] : kSetKeys) {
    if (!(resources.*member).empty()) value[key] = model::to_json_text(resources.*member);
  }
  for (const auto& [key, member] : kRateKeys) {
    if (!(resources.*member).empty()) value[key] = to_value(resources.*member);
  }
  if (resources.statistics) {
    value["Statistics"] = true;
  }
  return value;
}

Resources from_value(const Json& value) {
  Resources resources;
  for (const auto& [key, member] : kNumberKeys) {
    if (const auto found = value.find(key); found != value.end()) resources.*member = number_of(*found);
  }
  if (const auto found = value.find("NanoCpus"); found != value.end()) {
    resources.cpus = static_cast<double>(number_of(*found)) / kNano;
    if (!(*resources.cpus > 0 && *resources.cpus < kMostProcessors)) {
      throw std::invalid_argument{"a number of processors is out of range"};
    }
  }
  for (const auto& [key, member] : kSetKeys) {
    if (const auto found = value.find(key); found != value.end()) resources.*member = model::from_json_text(*found);
  }
  for (const auto& [key, member] : kRateKeys) {
    if (const auto found = value.find(key); found != value.end()) resources.*member = rates_of(*found);
  }
  const auto statistics = value.find("Statistics");
  resources.statistics = statistics != value.end() && statistics->get<bool>();
  return resources;
}

}  // namespace dunnage::cgroup
