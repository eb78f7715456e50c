// SPDX-License-Identifier: Apache-2.0
#include <dunnage/volume_limit.hpp>
#include <dunnage/volume_store.hpp>

#include "volume/limit_choice.hpp"
#include "volume/timestamp.hpp"
#include "volume/usage.hpp"
#include "volume/volume_store_access.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ostream>

namespace dunnage {
namespace {

using volume::Deed;

nlohmann::ordered_json json_of_limit(const VolumeLimit& limit, LimitWay way) {
  return {{"Size", limit.size}, {"Inodes", limit.inodes}, {"Way", to_string(way)}};
}

std::string dumped(const nlohmann::ordered_json& json) {
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

std::string_view to_string(UsageWay way) noexcept {
  switch (way) {
    case UsageWay::Quota:
      return "quota";
    case UsageWay::FileSystem:
      return "file-system";
    case UsageWay::Walk:
      return "walk";
  }
  return "unknown";
}

std::string to_string(const VolumeLimitPlan& plan) {
  std::string text = fmt::format("{}: {}\n", to_string(plan.way), plan.reason);
  for (const std::string& cost : plan.costs) {
    text += fmt::format("  {}\n", cost);
  }
  return text;
}

std::string to_json(const VolumeLimitPlan& plan) {
  nlohmann::ordered_json json = json_of_limit(plan.limit, plan.way);
  json["Reason"] = plan.reason;
  json["Costs"] = plan.costs;
  return dumped(json);
}

std::ostream& operator<<(std::ostream& out, const VolumeLimitPlan& plan) { return out << to_string(plan); }

std::string to_json(const VolumeUsage& usage) {
  const bool limited = usage.limit_way != LimitWay::None;
  return dumped({{"Bytes", usage.bytes},
                 {"Files", usage.files ? nlohmann::ordered_json(*usage.files) : nlohmann::ordered_json(nullptr)},
                 {"Limit", limited ? json_of_limit(usage.limit, usage.limit_way) : nlohmann::ordered_json(nullptr)},
                 {"Way", to_string(usage.way)},
                 {"MeasuredAt", volume::format_time(usage.measured_at, volume::Precision::Seconds)},
                 {"Cached", usage.cached}});
}

VolumeLimitPlan VolumeStore::plan_limit(const VolumeLimit& limit, const DriverOptions& driver_options) const {
  const Deed deed{"plan a limit for volumes of", root().string()};
  return volume::with_deed(deed, [&] { return volume::choose_limit(state_->layout, deed, limit, driver_options); });
}

VolumeUsage VolumeStore::usage(const std::string& name, const UsageOptions& options) const {
  const Deed deed{"measure volume", name};
  return volume::with_deed(deed, [&] { return volume::usage_of(state_->layout, deed, options); });
}

}  // namespace dunnage
