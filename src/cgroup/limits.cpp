// SPDX-License-Identifier: Apache-2.0
#include "cgroup/limits.hpp"

#include <dunnage/error.hpp>

#include "cgroup/writing.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

namespace dunnage::cgroup {
namespace {

struct Group {
  Controllers controller;
  const char* words;
};
constexpr Group kGroups[] = {{kMemory, "memory"}, {kPids, "pids"}, {kCpu, "cpus"}, {kCpuset, "cpuset"}, {kIo, "blkio"}};

constexpr const char* kDelegate =
    "run it as root, in a delegated cgroup (systemd-run --user --scope), or leave the limit out";

LaunchError refusal(const std::string& subject, std::string cause, std::error_code code, std::string remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "limit container",
                      .subject = subject,
                      .detail = {},
                      .cause = std::move(cause),
                      .code = code,
                      .remedy = std::move(remedy)}};
}

void check_processors(const Resources& resources, const std::string& subject) {
  const long online = ::sysconf(_SC_NPROCESSORS_ONLN);
  if (resources.cpus && online > 0 && *resources.cpus > static_cast<double>(online)) {
    throw refusal(subject, fmt::format("cpus is {}, and this machine has {}", *resources.cpus, online),
                  errc::invalid_argument, fmt::format("give 0.01 to {}", online));
  }
}

/// The names of what the resources want of a controller; empty if nothing.
std::string_view wanted_of(const Resources& resources, Controllers controller) {
  switch (controller) {
    case kMemory:
      return resources.memory               ? "memory"
             : resources.memory_swap        ? "memory_swap"
             : resources.memory_reservation ? "memory_reservation"
                                            : "";
    case kPids:
      return resources.pids ? "pids" : "";
    case kCpu:
      return resources.cpus         ? "cpus"
             : resources.cpu_quota  ? "cpu_quota"
             : resources.cpu_period ? "cpu_period"
             : resources.cpu_shares ? "cpu_shares"
                                    : "";
    case kCpuset:
      return !resources.cpuset_cpus.empty() ? "cpuset_cpus" : !resources.cpuset_mems.empty() ? "cpuset_mems" : "";
    case kIo:
      return resources.blkio_weight                 ? "blkio_weight"
             : !resources.device_read_bps.empty()   ? "device_read_bps"
             : !resources.device_write_bps.empty()  ? "device_write_bps"
             : !resources.device_read_iops.empty()  ? "device_read_iops"
             : !resources.device_write_iops.empty() ? "device_write_iops"
                                                    : "";
    case kCpuAccounting:
      break;
  }
  return "";
}

std::size_t join(Limits& limits, const Hierarchy& hierarchy, Controllers controller) {
  auto found = std::ranges::find(limits.cgroups, &hierarchy, &Cgroup::hierarchy);
  if (found == limits.cgroups.end()) {
    limits.cgroups.push_back({&hierarchy, 0});
    found = limits.cgroups.end() - 1;
  }
  found->controllers |= controller;
  return static_cast<std::size_t>(found - limits.cgroups.begin());
}

const Hierarchy& required(const Hierarchies& hierarchies, Controllers controller, std::string_view limit,
                          const std::string& subject) {
  const Hierarchy* hierarchy = hierarchies.of(controller);
  if (hierarchy == nullptr) {
    throw refusal(subject,
                  fmt::format("{} cannot be limited: no cgroup gives this process the controller \"{}\"", limit,
                              name_of(controller, true)),
                  errc::not_supported, "mount cgroups, delegate that controller, or leave the limit out");
  }
  if (!hierarchy->base) {
    throw refusal(subject, fmt::format("{} cannot be limited: {}", limit, hierarchy->reason), errc::not_supported,
                  kDelegate);
  }
  return *hierarchy;
}

void join_for_statistics(Limits& limits, const std::string& subject) {
  for (const Controllers controller : {kMemory, kPids, kCpu, kCpuAccounting, kIo}) {
    const Hierarchy* hierarchy = limits.hierarchies->of(controller);
    if (hierarchy != nullptr && hierarchy->base) {
      (void)join(limits, *hierarchy, controller);
    }
  }
  if (limits.cgroups.empty()) {
    (void)required(*limits.hierarchies, kMemory, "statistics", subject);
  }
}

}  // namespace

Limits limits_of(const Resources& resources, const std::string& subject) {
  Limits limits;
  if (resources.empty()) {
    return limits;
  }
  resources.check();
  check_processors(resources, subject);
  limits.hierarchies = Hierarchies::get();
  for (const Group& group : kGroups) {
    const std::string_view limit = wanted_of(resources, group.controller);
    if (!limit.empty()) {
      const Hierarchy& hierarchy = required(*limits.hierarchies, group.controller, limit, subject);
      const std::size_t cgroup = join(limits, hierarchy, group.controller);
      Writing writing{limits.settings, cgroup, hierarchy.unified, subject};
      writing.add(resources, group.controller);
    }
  }
  if (resources.statistics) {
    join_for_statistics(limits, subject);
  }
  return limits;
}

std::vector<Offer> offers() {
  const auto hierarchies = Hierarchies::get();
  std::vector<Offer> all;
  for (const Group& group : kGroups) {
    const Hierarchy* hierarchy = hierarchies->of(group.controller);
    Offer offer{.limits = group.words, .available = hierarchy != nullptr && hierarchy->base, .detail = {}};
    if (hierarchy == nullptr) {
      offer.detail = fmt::format("no cgroup gives this process the controller \"{}\"", name_of(group.controller, true));
    } else if (!hierarchy->base) {
      offer.detail = hierarchy->reason;
    } else {
      offer.detail = fmt::format("cgroup version {}, in {}", hierarchy->unified ? 2 : 1, hierarchy->place);
    }
    all.push_back(std::move(offer));
  }
  return all;
}

}  // namespace dunnage::cgroup
