// SPDX-License-Identifier: Apache-2.0
#include <dunnage/project_plan.hpp>

#include "project/apply.hpp"
#include "project/present.hpp"
#include "project/steps.hpp"
#include "project/wanted.hpp"

#include <dunnage/volume_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <ostream>
#include <utility>

namespace dunnage {
namespace {

constexpr std::size_t kMostShown = 6;  ///< steps of a list in a sentence

std::filesystem::path store_of(const std::filesystem::path& asked) { return asked.empty() ? default_store() : asked; }

std::vector<ProjectStep> steps_of(const Project& project, const UpOptions& options) {
  project::Wanted wanted = project::wanted_by(project);
  const project::Present present = project::look_at(wanted, store_of(options.store));
  for (const project::PresentContainer& container : present.containers) {
    if (wanted.services.contains(container.service) && !wanted.hashes.contains(container.service)) {
      wanted.hashes[container.service] = project.config_hash(container.service);
    }
  }
  return project::steps_up(wanted, present, options);
}

std::vector<ProjectStep> steps_of(const Project& project, const DownOptions& options) {
  const project::Wanted wanted = project::wanted_by(project);
  return project::steps_down(wanted, project::look_at(wanted, store_of(options.store)), options);
}

LaunchError refused(const std::string& project, std::string cause, std::errc code, std::string remedy) {
  return LaunchError{{.stage = Stage::Launch,
                      .operation = "apply the plan of project",
                      .subject = project,
                      .detail = {},
                      .cause = std::move(cause),
                      .code = std::make_error_code(code),
                      .remedy = std::move(remedy)}};
}

/// The first step that is in one plan and not in the other.
std::string first_difference(const std::vector<ProjectStep>& before, const std::vector<ProjectStep>& now) {
  const auto [old, fresh] = std::mismatch(before.begin(), before.end(), now.begin(), now.end());
  if (old == before.end()) {
    return fmt::format("there is more to do by now: {}", fresh->to_string());
  }
  return fresh == now.end() ? fmt::format("there is less to do by now, without: {}", old->to_string())
                            : fmt::format("instead of \"{}\" it is now: {}", old->to_string(), fresh->to_string());
}

std::string lost_in(const std::vector<ProjectStep>& steps) {
  std::vector<std::string> names;
  for (const ProjectStep& step : steps) {
    names.insert(names.end(), step.lost.begin(), step.lost.end());
  }
  const std::size_t shown = std::min(names.size(), kMostShown);
  const auto more = names.size() - shown;
  names.resize(shown);
  return fmt::format("\"{}\"{}", fmt::join(names, "\", \""), more == 0 ? "" : fmt::format(" and {} more", more));
}

}  // namespace

ProjectPlan::ProjectPlan(Project project, Options options)
    : project_{std::move(project)},
      options_{std::move(options)},
      steps_{std::visit([this](const auto& chosen) { return steps_of(project_, chosen); }, options_)} {}

const std::string& ProjectPlan::project() const noexcept { return project_.name(); }

bool ProjectPlan::changes_something() const noexcept {
  return std::any_of(steps_.begin(), steps_.end(), [](const ProjectStep& step) { return step.changes_something(); });
}

std::vector<ProjectStep> ProjectPlan::data_loss() const {
  std::vector<ProjectStep> steps;
  std::copy_if(steps_.begin(), steps_.end(), std::back_inserter(steps),
               [](const ProjectStep& step) { return !step.lost.empty(); });
  return steps;
}

bool operator==(const ProjectPlan& left, const ProjectPlan& right) {
  return left.project_.name() == right.project_.name() && left.options_ == right.options_ &&
         left.steps_ == right.steps_;
}

void ProjectPlan::apply(const ApplyOptions& options) const {
  const ProjectPlan now{project_, options_};
  if (now.steps_ != steps_) {
    throw refused(project(), first_difference(steps_, now.steps_), std::errc::resource_unavailable_try_again,
                  "plan it again");
  }
  if (const auto lost = data_loss(); !lost.empty() && !options.destroy_data) {
    throw refused(project(), fmt::format("it destroys the data of {}", lost_in(lost)),
                  std::errc::operation_not_permitted, "set ApplyOptions::destroy_data if that is meant");
  }
  const auto plan_again = [this] { return steps_of(project_, std::get<UpOptions>(options_)); };
  if (const auto* up = std::get_if<UpOptions>(&options_)) {
    project::apply_up(project_, *up, steps_, options, plan_again);
  } else {
    project::apply_down(project_, std::get<DownOptions>(options_), steps_, options);
  }
}

ProjectPlan Project::plan_up(const UpOptions& options) const { return ProjectPlan{*this, options}; }
ProjectPlan Project::plan_up() const { return plan_up(UpOptions{}); }
ProjectPlan Project::plan_down(const DownOptions& options) const { return ProjectPlan{*this, options}; }
ProjectPlan Project::plan_down() const { return plan_down(DownOptions{}); }

}  // namespace dunnage
