// SPDX-License-Identifier: Apache-2.0
#include "resource_flags.hpp"

#include "command.hpp"
#include "human_size.hpp"

#include <limits>
#include <optional>
#include <stdexcept>

namespace cli {
namespace {

std::optional<std::int64_t> amount(std::int64_t number) {
  if (number == 0) return std::nullopt;
  return number < 0 ? dunnage::kUnlimited : number;
}

std::optional<std::int64_t> bytes(const std::string& text, const std::string& option) {
  if (text.empty()) return std::nullopt;
  if (text == "-1") return dunnage::kUnlimited;
  const std::uint64_t size = parse_size(text, option);
  if (size > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    throw std::invalid_argument{option + " \"" + text + "\" is more than a machine can count"};
  }
  return amount(static_cast<std::int64_t>(size));
}

template <typename Parse>
std::vector<dunnage::DeviceRate> rates(const std::vector<std::string>& texts, Parse parse) {
  std::vector<dunnage::DeviceRate> all;
  for (const auto& text : texts) all.push_back(parse(text));
  return all;
}

}  // namespace

void ResourceFlags::add_to(CLI::App& command) {
  command.add_option("-m,--memory", memory, "Memory it may use, as 512m")->type_name("BYTES");
  command
      .add_option("--memory-swap", memory_swap, "Memory and swap together; -1 for any swap (default: twice --memory)")
      ->type_name("BYTES");
  command.add_option("--memory-reservation", memory_reservation, "Memory that is left to it while others have some")
      ->type_name("BYTES");
  command.add_option("--pids-limit", pids, "Processes and threads it may have; -1 for any number")->type_name("NUMBER");
  command.add_option("--cpus", cpus, "Processors' worth of time, as 1.5")->type_name("NUMBER");
  command.add_option("--cpu-quota", cpu_quota, "Microseconds of each period")->type_name("US");
  command.add_option("--cpu-period", cpu_period, "Length of a period (default: 100000)")->type_name("US");
  command.add_option("-c,--cpu-shares", cpu_shares, "Its part where processors are short; 1024 is usual")
      ->type_name("NUMBER");
  command.add_option("--cpuset-cpus", cpuset_cpus, "Processors it may run on, as 0-3,7")->type_name("LIST");
  command.add_option("--cpuset-mems", cpuset_mems, "Memory nodes it may use, as 0,1")->type_name("LIST");
  command.add_option("--blkio-weight", blkio_weight, "Its part where block devices are busy, 10 to 1000")
      ->type_name("NUMBER");
}

void ResourceFlags::add_devices_to(CLI::App& command) {
  add_repeated(command, "--device-read-bps", device_read_bps, "Bytes it may read each second, as /dev/sda:1mb");
  add_repeated(command, "--device-write-bps", device_write_bps, "Bytes it may write each second");
  add_repeated(command, "--device-read-iops", device_read_iops, "Reads each second, as /dev/sda:1000");
  add_repeated(command, "--device-write-iops", device_write_iops, "Writes each second");
  command.add_flag("--statistics", statistics, "Count all it uses for stats, limited or not");
}

dunnage::Resources ResourceFlags::resources() const {
  dunnage::Resources result;
  result.memory = bytes(memory, "--memory");
  result.memory_swap = bytes(memory_swap, "--memory-swap");
  result.memory_reservation = bytes(memory_reservation, "--memory-reservation");
  result.pids = amount(pids);
  if (cpus != 0) result.cpus = cpus;
  result.cpu_quota = amount(cpu_quota);
  result.cpu_period = amount(cpu_period);
  result.cpu_shares = amount(cpu_shares);
  result.cpuset_cpus = cpuset_cpus;
  result.cpuset_mems = cpuset_mems;
  result.blkio_weight = amount(blkio_weight);
  result.device_read_bps = rates(device_read_bps, &dunnage::DeviceRate::parse_bytes);
  result.device_write_bps = rates(device_write_bps, &dunnage::DeviceRate::parse_bytes);
  result.device_read_iops = rates(device_read_iops, &dunnage::DeviceRate::parse_operations);
  result.device_write_iops = rates(device_write_iops, &dunnage::DeviceRate::parse_operations);
  result.statistics = statistics;
  return result;
}

}  // namespace cli
