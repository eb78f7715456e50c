// SPDX-License-Identifier: Apache-2.0
#include "project/up_tasks.hpp"

#include "project/health.hpp"
#include "project/present.hpp"
#include "project/steps.hpp"

#include <dunnage/error.hpp>
#include <dunnage/image_store.hpp>

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace dunnage::project {
namespace {

using Condition = ServiceDependency::Condition;

bool is_about_containers(Kind kind) {
  return kind == Kind::CreateContainer || kind == Kind::KeepContainer || kind == Kind::StartContainer ||
         kind == Kind::RestartContainer || kind == Kind::RecreateContainer || kind == Kind::StopContainer ||
         kind == Kind::RemoveContainer;
}

Task task_for(const Chain& chain, const Workplace& place) {
  return {.needs = {}, .work = [&chain, &place](const std::stop_token& stop) {
            for (const ProjectStep& step : chain.steps) {
              if (!stop.stop_requested()) {
                place.actor.perform(step, place.options.watch);
              }
            }
          }};
}

/// The tasks of each service.
using Starts = std::map<std::string, std::vector<std::size_t>>;

Starts starts_of(const std::vector<Chain>& chains) {
  Starts starts;
  for (std::size_t index = 0; index < chains.size(); ++index) {
    starts[chains[index].service].push_back(index);
  }
  return starts;
}

/// What is known of a service's health check once its image is there.
std::optional<Healthcheck> check_now(const Service& service, const std::filesystem::path& store) {
  Present present;
  if (!service.image.empty() && !service.rootfs) {
    const auto image = ImageStore::open(store).find(service.image);
    if (image && image->config().healthcheck) {
      present.image_checks[service.image] = *image->config().healthcheck;
    }
  }
  return check_of(present, service);
}

class UpTasks {
 public:
  explicit UpTasks(const Workplace& place) : place_{place}, starts_{starts_of(place.chains)} {}

  std::vector<Task> take(const UpOptions& up) {
    for (const Chain& chain : place_.chains) {
      tasks_.push_back(task_for(chain, place_));
    }
    for (std::size_t index = 0; index < place_.chains.size(); ++index) {
      if (place_.chains[index].changes_something()) {
        for (const std::size_t need : needs_of(place_.chains[index].service)) {
          tasks_[index].needs.push_back(need);
        }
      }
    }
    if (up.prepare) {
      for (const std::string& name : up.services) {
        (void)needs_of(name);
      }
    }
    for (const auto& entry : starts_) {
      if (up.wait && services().contains(entry.first)) {
        (void)waiting(entry.first, Condition::Healthy, true);
      }
    }
    return std::move(tasks_);
  }

 private:
  [[nodiscard]] const std::map<std::string, Service>& services() const { return place_.project.services(); }

  /// The tasks that are done before a container of this service is begun.
  std::vector<std::size_t> needs_of(const std::string& name) {
    std::vector<std::size_t> needs;
    const auto service = services().find(name);
    if (service == services().end()) {
      return needs;  // of an orphan
    }
    for (const auto& [other, dependency] : service->second.depends_on) {
      const auto starts = starts_.find(other);
      if (starts == starts_.end()) {
        continue;
      }
      if (dependency.condition == Condition::Started) {
        needs.insert(needs.end(), starts->second.begin(), starts->second.end());
        continue;
      }
      if (dependency.condition == Condition::Healthy) {
        needed_.insert(other);
      }
      needs.push_back(waiting(other, dependency.condition, dependency.required));
    }
    return needs;
  }

  /// The task that ends when all containers of a service are what somebody waits for.
  std::size_t waiting(const std::string& service, Condition condition, bool required) {
    const auto [place, fresh] = waits_.emplace(std::tuple{service, condition, required}, tasks_.size());
    if (fresh) {
      const bool needed = needed_.contains(service);
      tasks_.push_back({.needs = starts_.at(service),
                        .work = [this, service, condition, required, needed](const std::stop_token& stop) {
                          try {
                            await(service, condition, needed, stop);
                          } catch (const LaunchError&) {
                            if (required || stop.stop_requested()) {
                              throw;
                            }
                          }
                        }});
    }
    return place->second;
  }

  void await(const std::string& name, Condition condition, bool needed, const std::stop_token& stop) const {
    const Service& service = services().at(name);
    const ContainerStore& store = place_.actor.containers();
    std::optional<Healthcheck> check;
    if (condition == Condition::Healthy && !(check = check_now(service, store.root()))) {
      if (needed) {
        throw refusal(place_.project.name(), fmt::format("service \"{}\"", name),
                      "others wait for it to be healthy, and it has no health check",
                      make_error_code(errc::invalid_argument), "give it one, or wait for service_started");
      }
      return;
    }
    const Watch watch{{}, stop, place_.options.watch.deadline};
    for (const std::size_t start : starts_.at(name)) {
      const ProjectStep& last = place_.chains[start].steps.back();
      if (last.kind == Kind::RemoveContainer) {
        continue;
      }
      place_.ledger.wait(last, check ? "healthy" : "completed", [&] {
        if (check) {
          await_healthy(store, last.subject, *check, watch);
        } else {
          await_completed(store, last.subject, watch);
        }
      });
    }
  }

  const Workplace& place_;
  Starts starts_;
  std::map<std::tuple<std::string, Condition, bool>, std::size_t> waits_;
  std::set<std::string> needed_;  ///< services somebody needs healthy
  std::vector<Task> tasks_;
};

}  // namespace

bool Chain::changes_something() const {
  return std::any_of(steps.begin(), steps.end(), [](const ProjectStep& step) { return step.changes_something(); });
}

std::vector<Chain> chains_of(const std::vector<ProjectStep>& steps) {
  std::vector<Chain> chains;
  std::map<std::string, std::size_t> places;
  for (const ProjectStep& step : steps) {
    if (!is_about_containers(step.kind)) {
      continue;
    }
    // one that is called otherwise by now has the same number; those of `run` have none of their own
    const std::string key = step.kind == Kind::StopContainer || step.kind == Kind::RemoveContainer || step.number == 0
                                ? fmt::format("{}/{}", step.service, step.subject)
                                : fmt::format("{}/{}", step.service, step.number);
    const auto [place, fresh] = places.emplace(key, chains.size());
    if (fresh) {
      chains.push_back({step.service, {}});
    }
    chains[place->second].steps.push_back(step);
  }
  return chains;
}

std::vector<Task> up_tasks(const Workplace& place, const UpOptions& up) {
  // lives as long as its tasks
  auto maker = std::make_shared<UpTasks>(place);
  std::vector<Task> tasks = maker->take(up);
  for (Task& task : tasks) {
    task.work = [maker, work = std::move(task.work)](const std::stop_token& stop) { work(stop); };
  }
  return tasks;
}

std::vector<Task> down_tasks(const Workplace& place) {
  std::vector<Task> tasks;
  const Starts ends = starts_of(place.chains);
  for (const Chain& chain : place.chains) {
    tasks.push_back(task_for(chain, place));
  }
  for (const auto& [name, service] : place.project.services()) {
    const auto dependents = ends.find(name);
    if (dependents == ends.end()) {
      continue;
    }
    for (const auto& entry : service.depends_on) {
      const auto depended = ends.find(entry.first);
      if (depended == ends.end()) {
        continue;
      }
      for (const std::size_t index : depended->second) {
        std::vector<std::size_t>& needs = tasks[index].needs;
        needs.insert(needs.end(), dependents->second.begin(), dependents->second.end());
      }
    }
  }
  return tasks;
}

}  // namespace dunnage::project
