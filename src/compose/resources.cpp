// SPDX-License-Identifier: Apache-2.0
#include "compose/resources.hpp"

#include "compose/cast.hpp"
#include "compose/reading.hpp"

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace dunnage::compose {
namespace {

using Amount = std::optional<std::int64_t>;

Amount amount_of(std::int64_t number) { return number == 0 ? std::nullopt : Amount{number < 0 ? kUnlimited : number}; }

std::int64_t bytes_in(const Value& value) {
  return value.is_integer() ? value.integer() : bytes_of(value.scalar_text()).value_or(0);
}

Amount bytes_at(const Value* value) { return value == nullptr ? std::nullopt : amount_of(bytes_in(*value)); }
Amount whole_at(const Value* value) { return value == nullptr ? std::nullopt : amount_of(whole(*value)); }

std::optional<double> processors_at(const Value* value) {
  const double number = value == nullptr     ? 0
                        : value->is_number() ? value->number()
                                             : float_of(value->scalar_text()).value_or(0);
  return number == 0 ? std::nullopt : std::optional{number};
}

std::vector<DeviceRate> rates_in(const Value& devices, std::string_view name) {
  std::vector<DeviceRate> rates;
  const Value* const list = devices.find(name);
  if (list == nullptr || !list->is_list()) {
    return rates;
  }
  for (const Value& item : list->list()) {
    const Value* const rate = item.find("rate");
    rates.push_back({item.text_of("path"), rate == nullptr ? 0 : static_cast<std::uint64_t>(bytes_in(*rate))});
  }
  return rates;
}

template <typename Found>
void take(Found& known, Found found) {
  if (found) {
    known = found;
  }
}

}  // namespace

Resources resources_of(const Value& service) {
  Resources resources;
  resources.memory = bytes_at(service.find("mem_limit"));
  resources.memory_swap = bytes_at(service.find("memswap_limit"));
  resources.memory_reservation = bytes_at(service.find("mem_reservation"));
  resources.pids = whole_at(service.find("pids_limit"));
  resources.cpus = processors_at(service.find("cpus"));
  resources.cpu_quota = whole_at(service.find("cpu_quota"));
  resources.cpu_period = whole_at(service.find("cpu_period"));
  resources.cpu_shares = whole_at(service.find("cpu_shares"));
  resources.cpuset_cpus = service.text_of("cpuset");
  if (const Value* const devices = service.find("blkio_config"); devices != nullptr && devices->is_map()) {
    resources.blkio_weight = whole_at(devices->find("weight"));
    resources.device_read_bps = rates_in(*devices, "device_read_bps");
    resources.device_write_bps = rates_in(*devices, "device_write_bps");
    resources.device_read_iops = rates_in(*devices, "device_read_iops");
    resources.device_write_iops = rates_in(*devices, "device_write_iops");
  }
  take(resources.memory, bytes_at(service.find_below({"deploy", "resources", "limits", "memory"})));
  take(resources.cpus, processors_at(service.find_below({"deploy", "resources", "limits", "cpus"})));
  take(resources.pids, whole_at(service.find_below({"deploy", "resources", "limits", "pids"})));
  take(resources.memory_reservation, bytes_at(service.find_below({"deploy", "resources", "reservations", "memory"})));
  return resources;
}

}  // namespace dunnage::compose
