// SPDX-License-Identifier: Apache-2.0
// What plans of up and of down are put together from.

#include "project/steps.hpp"

#include <fmt/format.h>

#include <utility>

namespace dunnage::project {

std::string why_it_does_not_run(const PresentContainer& container) {
  if (container.status == ContainerStatus::Created) {
    return "it was never started";
  }
  return fmt::format("it has ended{}", container.exit ? ": " + container.exit->to_string() : std::string{});
}

void add_remarks(const Service& service, ProjectStep& step) {
  if (service.restart == "unless-stopped") {
    step.reasons.emplace_back(
        "restart: unless-stopped is always here: after the machine has been down nothing starts "
        "by itself");
  }
  if (service.stdin_open) {
    step.reasons.emplace_back("stdin_open: its input stays open until it is started again, and nobody writes to it");
  }
  if (service.tty) {
    step.reasons.emplace_back("tty: its output goes to its log instead, as nobody is attached to it for good");
  }
}

std::optional<Healthcheck> check_of(const Present& present, const Service& service) {
  std::optional<Healthcheck> check = service.healthcheck;
  if (const auto image = present.image_checks.find(service.image); image != present.image_checks.end()) {
    if (!check) {
      check = image->second;
    } else if (check->test.empty()) {
      check->test = image->second.test;
    }
  }
  const bool none = !check || check->test.empty() || check->test.front() == "NONE";
  return none ? std::nullopt : check;
}

ProjectStep step_for(Kind kind, const PresentContainer& container, std::string reason) {
  ProjectStep step{.kind = kind, .subject = container.name, .service = container.service, .number = container.number};
  if (!reason.empty()) {
    step.reasons.push_back(std::move(reason));
  }
  return step;
}

void keep_anonymous(const PresentContainer& container, std::vector<ProjectStep>& steps) {
  for (const std::string& name : container.anonymous) {
    steps.push_back({.kind = Kind::KeepVolume,
                     .subject = name,
                     .service = {},
                     .reasons = {fmt::format("it is an anonymous one of \"{}\"; no container will find it again, and "
                                             "pruning volumes removes it",
                                             container.name)}});
  }
}

}  // namespace dunnage::project
