// SPDX-License-Identifier: Apache-2.0
#include <dunnage/launch_timings.hpp>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <ostream>

namespace dunnage {
namespace {

double microseconds(std::chrono::nanoseconds time) { return std::chrono::duration<double, std::micro>{time}.count(); }

}  // namespace

std::chrono::nanoseconds LaunchTimings::total() const noexcept {
  return steps.empty() ? std::chrono::nanoseconds{} : steps.back().begin + steps.back().duration;
}

std::string LaunchTimings::to_string() const {
  if (empty()) {
    return "no timings";
  }
  std::string text = fmt::format("{:<18}{:>10}{:>10}", "STEP", "BEGIN us", "TOOK us");
  for (const LaunchStep& step : steps) {
    text += fmt::format("\n{:<18}{:>10.1f}{:>10.1f}", step.name, microseconds(step.begin), microseconds(step.duration));
  }
  return text + fmt::format("\n{:<18}{:>20.1f}", "total", microseconds(total()));
}

std::string LaunchTimings::to_json() const {
  nlohmann::ordered_json value{{"Total", total().count()}, {"Steps", nlohmann::ordered_json::array()}};
  for (const LaunchStep& step : steps) {
    value["Steps"].push_back({{"Name", step.name}, {"Begin", step.begin.count()}, {"Duration", step.duration.count()}});
  }
  return value.dump();
}

std::ostream& operator<<(std::ostream& out, const LaunchTimings& timings) { return out << timings.to_string(); }

}  // namespace dunnage
