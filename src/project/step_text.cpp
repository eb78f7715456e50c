// SPDX-License-Identifier: Apache-2.0
#include "project/step_text.hpp"

#include "error/printable.hpp"

#include <fmt/format.h>

namespace dunnage {
namespace project {

using Kind = ProjectStep::Kind;

std::string_view object_of(Kind kind) noexcept {
  switch (kind) {
    case Kind::PullImage:
      return "image";
    case Kind::CreateVolume:
    case Kind::KeepVolume:
    case Kind::RecreateVolume:
    case Kind::RemoveVolume:
      return "volume";
    default:
      return "container";
  }
}

std::string reasons_of(const ProjectStep& step) { return fmt::format("{}", fmt::join(step.reasons, "; ")); }

}  // namespace project

std::string_view to_string(ProjectStep::Kind kind) noexcept {
  switch (kind) {
    case ProjectStep::Kind::PullImage:
      return "pull";
    case ProjectStep::Kind::CreateVolume:
    case ProjectStep::Kind::CreateContainer:
      return "create";
    case ProjectStep::Kind::KeepVolume:
    case ProjectStep::Kind::KeepContainer:
      return "keep";
    case ProjectStep::Kind::RecreateVolume:
    case ProjectStep::Kind::RecreateContainer:
      return "recreate";
    case ProjectStep::Kind::RemoveVolume:
    case ProjectStep::Kind::RemoveContainer:
      return "remove";
    case ProjectStep::Kind::StartContainer:
      return "start";
    case ProjectStep::Kind::RestartContainer:
      return "restart";
    case ProjectStep::Kind::StopContainer:
      return "stop";
  }
  return "";
}

std::string ProjectStep::to_string() const {
  const std::string why = project::reasons_of(*this);
  return error::printable(fmt::format("{} {} {}{}{}", dunnage::to_string(kind), project::object_of(kind), subject,
                                      why.empty() ? "" : ": ", why));
}

}  // namespace dunnage
