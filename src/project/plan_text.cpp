// SPDX-License-Identifier: Apache-2.0
// Plans and their steps as text and JSON.

#include <dunnage/project_plan.hpp>

#include "error/printable.hpp"
#include "project/step_text.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>
#include <variant>

namespace dunnage {
namespace {

using project::object_of;
using project::reasons_of;

using Json = nlohmann::ordered_json;
using Kind = ProjectStep::Kind;

Json to_value(const ProjectStep& step) {
  Json value{{"Action", to_string(step.kind)}, {"Object", object_of(step.kind)}, {"Subject", step.subject}};
  const bool container = object_of(step.kind) == "container";
  value[container || step.kind == Kind::PullImage ? "Service" : "Key"] = step.service;
  if (container) {
    value["Number"] = step.number;
  }
  value["Changed"] = step.changed;
  value["Reasons"] = step.reasons;
  value["Lost"] = step.lost;
  return value;
}

}  // namespace

std::string ProjectPlan::to_string() const {
  std::size_t widest = 0;
  for (const ProjectStep& step : steps_) {
    widest = std::max(widest, step.subject.size());
  }
  std::string text;
  for (const ProjectStep& step : steps_) {
    const std::string why = reasons_of(step);
    std::string line = fmt::format("{:<8}  {:<9}  {:<{}}  {}", dunnage::to_string(step.kind), object_of(step.kind),
                                   step.subject, why.empty() ? 0 : widest, why);
    line.erase(line.find_last_not_of(' ') + 1);
    text += error::printable(line) + '\n';
  }
  if (steps_.empty()) {
    text = "nothing to do\n";
  }
  for (const ProjectStep& step : data_loss()) {
    text += error::printable(fmt::format("DESTROYS DATA of {}: {} {} {}", fmt::join(step.lost, ", "),
                                         dunnage::to_string(step.kind), object_of(step.kind), step.subject)) +
            '\n';
  }
  return text;
}

std::string ProjectPlan::to_json() const {
  Json steps = Json::array();
  for (const ProjectStep& step : steps_) {
    steps.push_back(to_value(step));
  }
  Json lost = Json::array();
  for (const ProjectStep& step : data_loss()) {
    for (const std::string& name : step.lost) {
      lost.push_back(name);
    }
  }
  const Json plan{{"Project", project()},
                  {"Direction", std::holds_alternative<UpOptions>(options_) ? "up" : "down"},
                  {"Steps", steps},
                  {"DataLoss", lost}};
  return plan.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::ostream& operator<<(std::ostream& out, const ProjectPlan& plan) { return out << plan.to_string(); }

}  // namespace dunnage
