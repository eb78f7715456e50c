// SPDX-License-Identifier: Apache-2.0
#include "cgroup/writing.hpp"

#include <dunnage/error.hpp>

#include "cgroup/number_set.hpp"
#include "error/reason.hpp"
#include "launcher/protocol.hpp"

#include <fmt/format.h>

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace dunnage::cgroup {
namespace {

using launcher::kMayLack;
using launcher::kOnlyIfLacked;
using launcher::kOnlyUpdate;
using launcher::kOnlyVerified;
using launcher::kUnverified;

constexpr std::int64_t kUsualPeriod = 100'000;

/// The kernel counts pages.
std::int64_t whole_pages(std::int64_t bytes) {
  const std::int64_t page = ::sysconf(_SC_PAGESIZE);
  return bytes / page * page;
}

std::string unified_bytes(std::int64_t bytes) {
  const bool all = bytes == kUnlimited || whole_pages(bytes) == whole_pages(std::numeric_limits<std::int64_t>::max());
  return all ? "max" : std::to_string(whole_pages(bytes));
}

std::string bytes_read(std::int64_t bytes) {
  return std::to_string(whole_pages(bytes == kUnlimited ? std::numeric_limits<std::int64_t>::max() : bytes));
}

std::string or_max(std::int64_t value) { return value == kUnlimited ? "max" : std::to_string(value); }

/// Docker's: as much swap as memory, if it is not said.
std::optional<std::int64_t> swap_together(const Resources& resources) {
  if (resources.memory_swap || !resources.memory) {
    return resources.memory_swap;
  }
  const bool all = *resources.memory == kUnlimited || *resources.memory > std::numeric_limits<std::int64_t>::max() / 2;
  return all ? kUnlimited : *resources.memory * 2;
}

}  // namespace

void Writing::set(std::string_view limit, std::string file, std::string value, std::string expected, unsigned flags) {
  settings_.push_back({cgroup_, std::move(file), std::move(value), std::move(expected), flags, limit});
}

void Writing::add(const Resources& resources, Controllers controller) {
  switch (controller) {
    case kMemory:
      unified_ ? memory_unified(resources) : memory(resources);
      break;
    case kPids:
      set("pids", "pids.max", or_max(*resources.pids), or_max(*resources.pids));
      break;
    case kCpu:
      processors(resources);
      break;
    case kCpuset:
      processor_set("cpuset_cpus", "cpuset.cpus", resources.cpuset_cpus);
      processor_set("cpuset_mems", "cpuset.mems", resources.cpuset_mems);
      break;
    case kIo:
      if (resources.blkio_weight) {
        weight(*resources.blkio_weight);
      }
      rates(resources);
      break;
    case kCpuAccounting:
      break;
  }
}

/// The limit of both together may never be below that of memory, whichever was there before.
void Writing::memory(const Resources& resources) {
  constexpr const char* kTogether = "memory.memsw.limit_in_bytes";
  const auto together = swap_together(resources);
  const unsigned lack = resources.memory_swap ? 0U : kMayLack;
  if (together) {
    set("memory_swap", kTogether, "-1", {}, kUnverified | kMayLack | kOnlyUpdate);
  }
  if (resources.memory) {
    set("memory", "memory.limit_in_bytes", std::to_string(*resources.memory), bytes_read(*resources.memory));
  }
  if (together) {
    set("memory_swap", kTogether, std::to_string(*together), bytes_read(*together), lack);
  }
  if (const auto& soft = resources.memory_reservation) {
    set("memory_reservation", "memory.soft_limit_in_bytes", std::to_string(*soft), bytes_read(*soft));
  }
}

void Writing::memory_unified(const Resources& resources) {
  if (resources.memory) {
    set("memory", "memory.max", or_max(*resources.memory), unified_bytes(*resources.memory));
  }
  if (const auto together = swap_together(resources)) {
    const std::int64_t swap = *together == kUnlimited ? kUnlimited : *together - *resources.memory;
    set("memory_swap", "memory.swap.max", or_max(swap), unified_bytes(swap), resources.memory_swap ? 0U : kMayLack);
  }
  if (const auto& low = resources.memory_reservation) {
    set("memory_reservation", "memory.low", *low == kUnlimited ? "0" : std::to_string(*low),
        *low == kUnlimited ? "0" : unified_bytes(*low));
  }
}

void Writing::processors(const Resources& resources) {
  if (const auto& shares = resources.cpu_shares) {
    constexpr std::int64_t kWeights = 9999;
    constexpr std::int64_t kShares = 262142;
    const std::string text = std::to_string(unified_ ? 1 + (*shares - 2) * kWeights / kShares : *shares);
    set("cpu_shares", unified_ ? "cpu.weight" : "cpu.shares", text, text);
  }
  if (!resources.cpus && !resources.cpu_quota && !resources.cpu_period) {
    return;
  }
  const std::int64_t period = resources.cpu_period.value_or(kUsualPeriod);
  const std::int64_t quota = resources.cpus ? std::llround(*resources.cpus * static_cast<double>(period))
                                            : resources.cpu_quota.value_or(kUnlimited);
  const char* limit = resources.cpus ? "cpus" : resources.cpu_quota ? "cpu_quota" : "cpu_period";
  if (unified_) {
    const std::string both = or_max(quota) + " " + std::to_string(period);
    set(limit, "cpu.max", both, both);
    return;
  }
  set(limit, "cpu.cfs_period_us", std::to_string(period), std::to_string(period));
  set(limit, "cpu.cfs_quota_us", std::to_string(quota), std::to_string(quota));
}

/// In version 2 the kernel takes any number, and uses what there is of them: what it uses is asked for.
void Writing::processor_set(std::string_view limit, const char* file, const std::string& numbers) {
  if (numbers.empty()) {
    return;
  }
  const std::string text = number_set_text(*parse_number_set(numbers));
  set(limit, file, text, text);
  if (unified_) {
    set(limit, std::string{file} + ".effective", {}, text, kOnlyVerified);
  }
}

/// Of whichever scheduler of requests the kernel has.
void Writing::weight(std::int64_t value) {
  const std::string text = std::to_string(value);
  if (!unified_) {
    set("blkio_weight", "blkio.bfq.weight", text, text, kMayLack);
    set("blkio_weight", "blkio.weight", text, text, kOnlyIfLacked);
    return;
  }
  constexpr std::int64_t kWeights = 9999;
  constexpr std::int64_t kDockers = 990;
  const std::string weight = std::to_string(1 + (value - 10) * kWeights / kDockers);
  set("blkio_weight", "io.bfq.weight", text, "default " + text, kMayLack);
  set("blkio_weight", "io.weight", weight, "default " + weight, kOnlyIfLacked);
}

std::string Writing::number_of(const DeviceRate& rate) const {
  struct stat status {};
  const bool found = ::stat(rate.device.c_str(), &status) == 0;
  if (!found || !S_ISBLK(status.st_mode)) {
    throw LaunchError{{.stage = Stage::Launch,
                       .operation = "limit container",
                       .subject = subject_,
                       .detail = {},
                       .cause = rate.device.native() +
                                (found ? " is no block device" : " cannot be looked up: " + error::errno_reason(errno)),
                       .code = errc::invalid_argument,
                       .remedy = "name a whole disk of this machine, as lsblk lists them"}};
  }
  return fmt::format("{}:{}", major(status.st_rdev), minor(status.st_rdev));
}

void Writing::rates(const Resources& resources) {
  struct Kind {
    const char* limit;
    const char* file;
    const std::vector<DeviceRate>& rates;
  };
  const std::array<Kind, 4> kinds{{{"device_read_bps", "read_bps", resources.device_read_bps},
                                   {"device_write_bps", "write_bps", resources.device_write_bps},
                                   {"device_read_iops", "read_iops", resources.device_read_iops},
                                   {"device_write_iops", "write_iops", resources.device_write_iops}}};
  constexpr std::array<const char*, 4> kKeys{"rbps", "wbps", "riops", "wiops"};
  struct Line {
    std::string_view limit;
    std::array<std::string, 4> values{"max", "max", "max", "max"};
  };
  std::map<std::string, Line> lines;
  for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
    for (const DeviceRate& rate : kinds.at(kind).rates) {
      const std::string device = number_of(rate);
      if (!unified_) {
        const std::string text = device + " " + std::to_string(rate.rate);
        set(kinds.at(kind).limit, fmt::format("blkio.throttle.{}_device", kinds.at(kind).file), text, text);
        continue;
      }
      Line& line = lines[device];
      line.limit = kinds.at(kind).limit;
      line.values.at(kind) = std::to_string(rate.rate);
    }
  }
  for (const auto& [device, line] : lines) {
    std::string text = device;
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
      text += fmt::format(" {}={}", kKeys.at(kind), line.values.at(kind));
    }
    set(line.limit, "io.max", text, text);
  }
}

}  // namespace dunnage::cgroup
