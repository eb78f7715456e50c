// SPDX-License-Identifier: Apache-2.0
#include "project/apply.hpp"

#include "project/actor.hpp"
#include "project/launch_service.hpp"
#include "project/ledger.hpp"
#include "project/up_tasks.hpp"

#include <dunnage/volume_store.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace dunnage::project {
namespace {

using Kind = ProjectStep::Kind;

std::filesystem::path store_of(const std::filesystem::path& asked) { return asked.empty() ? default_store() : asked; }

/// Steps of some kinds, one after the other.
void perform_in_order(const std::vector<ProjectStep>& steps, std::initializer_list<Kind> kinds, Actor& actor,
                      const ApplyOptions& options) {
  for (const ProjectStep& step : steps) {
    if (std::find(kinds.begin(), kinds.end(), step.kind) != kinds.end()) {
      actor.perform(step, options.watch);
    }
  }
}

bool pulls(const std::vector<ProjectStep>& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const ProjectStep& step) { return step.kind == Kind::PullImage; });
}

/// Also when there is nothing else to do: whoever took it down before may have been ended before this.
void remove_unused_files(const Project& project, const DownOptions& down) {
  const std::filesystem::path store = store_of(down.store);
  if (down.remove && project_containers(project.name(), store).empty()) {
    remove_files(project, store);
  }
}

}  // namespace

void apply_up(const Project& project, const UpOptions& up, const std::vector<ProjectStep>& steps,
              const ApplyOptions& options, const std::function<std::vector<ProjectStep>()>& plan_again) {
  Ledger ledger{project.name(), "bring up project", options};
  std::vector<ProjectStep> all = steps;
  std::vector<std::exception_ptr> failures;
  try {
    Actor actor{project, store_of(up.store), ledger, up.grace};
    actor.renew_volumes(up.renew_anonymous_volumes);
    perform_in_order(all, {Kind::PullImage}, actor, options);
    if (pulls(all)) {
      all = plan_again();  // what has come may be another image than the one containers are of
      std::erase_if(all, [](const ProjectStep& step) { return step.kind == Kind::PullImage; });
    }
    perform_in_order(all, {Kind::CreateVolume, Kind::RecreateVolume}, actor, options);
    write_files(project, store_of(up.store));
    const std::vector<Chain> chains = chains_of(all);
    const Workplace place{project, chains, actor, ledger, options};
    failures = run_tasks(up_tasks(place, up), options.parallel, options.watch.stop);
  } catch (const std::exception&) {
    failures.push_back(std::current_exception());
  }
  ledger.finish(all, failures);
}

void apply_down(const Project& project, const DownOptions& down, const std::vector<ProjectStep>& steps,
                const ApplyOptions& options) {
  Ledger ledger{project.name(), down.remove ? "take down project" : "stop project", options};
  std::vector<std::exception_ptr> failures;
  const bool anything =
      std::any_of(steps.begin(), steps.end(), [](const ProjectStep& step) { return step.changes_something(); });
  if (!anything) {
    return remove_unused_files(project, down);  // a store that is not there is not made for this
  }
  try {
    Actor actor{project, store_of(down.store), ledger, down.grace};
    const std::vector<Chain> chains = chains_of(steps);
    const Workplace place{project, chains, actor, ledger, options};
    failures = run_tasks(down_tasks(place), options.parallel, options.watch.stop);
    if (failures.empty()) {
      perform_in_order(steps, {Kind::RemoveVolume}, actor, options);
      remove_unused_files(project, down);
    }
  } catch (const std::exception&) {
    failures.push_back(std::current_exception());
  }
  ledger.finish(steps, failures);
}

}  // namespace dunnage::project
